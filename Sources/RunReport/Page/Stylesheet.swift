/// How pages look: light or dark as the reader has it, on paper, and on a phone's width.
///
/// The colours of curves are told apart by people who are colour-blind too; after Okabe and Ito, "Color Universal Design".
enum Stylesheet {
    static let source = """
        :root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --text: #17202b; --soft: #586474;
          --line: #dde2e9; --grid: #e9edf2; --link: #0b5fae; --good: #0a7245; --bad: #b3261e; --warn: #8a5a00;
          --right: 0 104 170; --wrong: 205 82 0; --deep: #ffffff; --shadow: 0 1px 2px #1018280f, 0 1px 6px #1018280a;
          --s0: #0068aa; --s1: #cd5200; --s2: #00835f; --s3: #b2578a; --s4: #a87400; --s5: #5b6675; --s6: #7348b0; }
        @media screen and (prefers-color-scheme: dark) {
          :root { --page: #0e1319; --card: #171e27; --text: #e7ecf2; --soft: #9ba8b8; --line: #2b3542; --grid: #242e3a;
            --link: #7fc1f5; --good: #4fcf97; --bad: #ff8a80; --warn: #f0bf5a; --right: 86 180 233; --wrong: 255 138 76;
            --deep: #0c1218; --shadow: none; --s0: #56b4e9; --s1: #ff8a4c; --s2: #35c79d; --s3: #e79cc6; --s4: #f0c244;
            --s5: #b4bfcc; --s6: #b99cf3; } }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body { margin: 0; background: var(--page); color: var(--text); line-height: 1.5;
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
        main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
        h1 { font-size: 30px; line-height: 1.2; letter-spacing: -.015em; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 20px; letter-spacing: -.01em; margin: 0 0 4px; }
        h3 { font-size: 15px; margin: 0; }
        p { margin: 0; }
        a { color: var(--link); }
        a:focus-visible, [tabindex]:focus-visible, summary:focus-visible { outline: 2px solid var(--link);
          outline-offset: 3px; border-radius: 4px; }
        .soft, .note, caption { color: var(--soft); }
        .note { font-size: 13px; }
        header { padding-top: 36px; }
        .eyebrow { color: var(--soft); font-size: 13px; letter-spacing: .02em; overflow-wrap: anywhere; }
        .title { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; margin: 2px 0 6px; }
        .badge { font-size: 13px; font-weight: 600; padding: 2px 11px; border-radius: 99px; border: 1px solid currentColor;
          white-space: nowrap; color: var(--soft); }
        .badge.finished { color: var(--good); } .badge.failed { color: var(--bad); } .badge.stopped { color: var(--warn); }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 22px 0 0; }
        .tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 11px 14px 12px;
          box-shadow: var(--shadow); }
        .tiles dt { color: var(--soft); font-size: 13px; }
        .tiles dd { margin: 1px 0 0; font-size: 20px; font-weight: 620; letter-spacing: -.02em; line-height: 1.3;
          font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
        .tiles dd small { display: block; font-size: 12.5px; font-weight: 400; letter-spacing: 0; color: var(--soft); }
        nav { margin: 20px 0 0; }
        nav ul { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; margin: 0; padding: 0; }
        nav a { text-decoration: none; font-size: 14px; } nav a:hover { text-decoration: underline; }
        section { margin: 34px 0 0; }
        section > .lead { color: var(--soft); font-size: 14px; margin: 0 0 14px; max-width: 76ch; }
        .grid { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; margin-top: 12px; }
        .chart, .card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; margin: 0;
          padding: 16px 18px; box-shadow: var(--shadow); min-width: 0; position: relative; break-inside: avoid; }
        .card { margin-top: 12px; } .wide { grid-column: 1 / -1; }
        figcaption { display: flex; flex-wrap: wrap; gap: 0 12px; align-items: baseline; }
        .legend { display: flex; flex-wrap: wrap; gap: 2px 18px; list-style: none; margin: 6px 0 12px; padding: 0;
          font-size: 13px; color: var(--soft); }
        .legend b { color: var(--text); font-weight: 600; font-variant-numeric: tabular-nums; }
        .legend .bad { color: var(--bad); }
        .key { display: inline-block; width: 16px; height: 0; border-top: 3px solid; border-radius: 2px; margin-right: 7px;
          vertical-align: 4px; }
        .key.dot { border: 0; width: 9px; height: 9px; border-radius: 9px; background: currentColor; vertical-align: 0; }
        .key.dash { border-top-style: dotted; }
        .key.cross { border-top: 0; width: 8px; height: 12px; background: var(--bad); opacity: .45; vertical-align: -2px; }
        .key.box { border: 0; height: 11px; width: 11px; border-radius: 3px; vertical-align: -1px; background: currentColor; }
        .s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); } .s3 { color: var(--s3); }
        .s4 { color: var(--s4); } .s5 { color: var(--s5); } .s6 { color: var(--s6); }
        .plot { display: grid; grid-template: minmax(0, 1fr) 22px / 50px minmax(0, 1fr); height: 236px; margin-right: 6px; }
        .wide .plot { height: 320px; }
        .ys, .xs { position: relative; font-size: 12px; color: var(--soft); font-variant-numeric: tabular-nums; }
        .ys span { position: absolute; right: 9px; transform: translateY(-50%); white-space: nowrap; line-height: 1; }
        .xs { grid-column: 2; } .xs span { position: absolute; top: 7px; transform: translateX(-50%); line-height: 1; }
        .area { position: relative; border-bottom: 1px solid var(--line); touch-action: pan-y; }
        .area svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
        .area path { fill: none; stroke: currentColor; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
        .area .grid, .area .mark { display: inline; stroke: var(--grid); stroke-width: 1; }
        .area .mark { stroke: var(--soft); stroke-opacity: .45; stroke-dasharray: 2 4; }
        .area .faint { stroke-width: 1; stroke-opacity: .32; } .area .strong, .area .dotted { stroke-width: 2; }
        .area .dash { stroke-dasharray: 5 4; }
        .area .dots { stroke-width: 7; stroke-linecap: round; stroke-dasharray: none; }
        .area .gap { fill: var(--bad); fill-opacity: .32; }
        .cursor { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--soft); pointer-events: none; }
        .spot { position: absolute; width: 9px; height: 9px; margin: -4.5px 0 0 -4px; border-radius: 9px; left: 0;
          background: currentColor; border: 2px solid var(--card); box-sizing: content-box; transform: translate(-2px, -2px); }
        .readout { position: absolute; z-index: 2; pointer-events: none; background: var(--card); border: 1px solid var(--line);
          border-radius: 8px; padding: 6px 10px; font-size: 12.5px; line-height: 1.45; box-shadow: 0 3px 14px #0003;
          font-variant-numeric: tabular-nums; max-width: 60%; }
        .readout:empty { display: none; } .readout b { font-weight: 600; } .readout div { overflow-wrap: anywhere; }
        .scroll { overflow-x: auto; margin-top: 8px; } .card > .scroll:first-child { margin-top: 0; }
        table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; width: 100%; }
        caption { text-align: left; font-size: 13px; padding: 0 0 8px; }
        th { font-weight: 500; text-align: left; color: var(--soft); } tbody th { color: var(--text); } tbody th:has(.key) { white-space: nowrap; }
        th, td { padding: 6px 10px; border-bottom: 1px solid var(--grid); vertical-align: middle; }
        tbody tr:last-child > * { border-bottom: 0; }
        .n { text-align: right; white-space: nowrap; }
        td.bar { min-width: 190px; width: 38%; } td.bar svg { display: block; width: 100%; height: 16px; border-radius: 4px; }
        td.bar rect { fill: currentColor; }
        .best { font-weight: 650; } .best::after { content: " ★"; color: var(--s4); }
        .matrix { width: auto; } .matrix td, .matrix th { padding: 0 6px; height: 34px; border: 1px solid var(--card); }
        .matrix td { text-align: center; min-width: 44px; font-size: 13px; }
        .matrix thead th { vertical-align: bottom; height: auto; padding: 6px 4px; text-align: center; }
        .matrix thead th span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 130px; line-height: 1.1; }
        .matrix tbody th { white-space: nowrap; text-align: right; position: sticky; left: 0; background: var(--card);
          max-width: 150px; overflow: hidden; text-overflow: ellipsis; }
        .matrix .sum { color: var(--soft); font-size: 12.5px; }
        .matrix .zero { color: var(--soft); opacity: .55; }
        .right { background: rgb(var(--right) / var(--a)); } .wrong { background: rgb(var(--wrong) / var(--a)); }
        .deep { color: var(--deep); font-weight: 600; }
        .split { display: flex; flex-wrap: wrap; gap: 18px 48px; } .split > div { min-width: 0; max-width: 100%; }
        .pairs { margin: 10px 0 0; padding-left: 22px; font-size: 14px; line-height: 1.9; }
        .heat { image-rendering: pixelated; width: min(100%, 640px); border: 1px solid var(--line); border-radius: 6px; }
        .mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(124px, 1fr)); gap: 12px; list-style: none;
          padding: 0; margin: 12px 0 0; }
        .mistakes li { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 10px;
          font-size: 12.5px; line-height: 1.4; break-inside: avoid; box-shadow: var(--shadow); }
        .mistakes img, .mistakes .blank { display: block; width: 100%; height: auto; aspect-ratio: 1; object-fit: contain;
          image-rendering: pixelated; border-radius: 6px; background: #000; margin-bottom: 7px; }
        .mistakes .blank { background: var(--grid); }
        .mistakes strong { display: block; font-weight: 620; } .mistakes .seen { color: var(--bad); }
        .settings { columns: 3 290px; column-gap: 34px; margin: 8px 0 0; font-size: 14px; }
        .settings div { display: flex; justify-content: space-between; gap: 14px; padding: 4px 0; break-inside: avoid;
          border-bottom: 1px solid var(--grid); }
        .settings dt { color: var(--soft); } .settings dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
        .unset { font-size: 13px; color: var(--soft); margin-top: 12px; }
        .alarm { border-left: 4px solid var(--bad); } .alarm.mild { border-left-color: var(--warn); }
        .alarm pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", monospace;
          margin: 6px 0 0; }
        details { margin-top: 12px; } summary { cursor: pointer; color: var(--link); font-size: 14px; }
        footer { color: var(--soft); font-size: 13px; padding-top: 34px; padding-bottom: 40px; }
        @media (max-width: 760px) { main, header, footer { padding-left: 14px; padding-right: 14px; } header { padding-top: 22px; }
          h1 { font-size: 24px; } .grid { grid-template-columns: minmax(0, 1fr); } .tiles { grid-template-columns: 1fr 1fr; gap: 9px; }
          .tiles div { padding: 10px 12px; } .tiles dd { font-size: 19px; } .chart, .card { padding: 13px 12px; border-radius: 12px; }
          .wide .plot, .plot { height: 220px; grid-template-columns: 44px minmax(0, 1fr); } .ys span { right: 6px; }
          .mistakes { grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: 8px; } td.bar { min-width: 130px; }
          .readout { max-width: 76%; } }
        @media print { body { background: #fff; font-size: 12px; } .chart, .card, .tiles div, .mistakes li { box-shadow: none; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } nav, .readout, .cursor { display: none; }
          main, header, footer { max-width: none; padding-left: 0; padding-right: 0; } .scroll { overflow: visible; }
          h2, .lead { break-after: avoid; } .tiles { grid-template-columns: repeat(4, 1fr); } .plot { height: 180px; } .wide .plot { height: 230px; } }
        """
}
