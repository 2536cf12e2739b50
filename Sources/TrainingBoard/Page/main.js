// Starts the parts of the page; each shows what it subscribes to.

import "./announcements.js";
import { startConfiguration } from "./configuration.js";
import { redrawCurves, startCurves } from "./curves.js";
import { startDetail } from "./detail.js";
import { follow, start } from "./feed.js";
import { startHead } from "./head.js";
import { startLogs } from "./logs.js";
import { startRanks } from "./ranks.js";
import { redrawResults, startResults } from "./results.js";
import { startRuns } from "./runs.js";
import { subscribe } from "./state.js";
import { startTabs } from "./tabs.js";
import { startTheme } from "./theme.js";
import { drawTimeline, startTimeline } from "./timeline.js";

startTheme(() => { redrawCurves(); drawTimeline(); redrawResults(); });
startTabs();
startRuns();
startDetail();
startHead();
startCurves();
startRanks();
startTimeline();
startResults();
startLogs();
startConfiguration();
start().then(() => subscribe(follow));
