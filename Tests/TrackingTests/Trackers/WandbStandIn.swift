/// A stand-in for the server of Weights & Biases, as far as `wandb sync` asks it.
enum WandbStandIn {
    /// Starts the server on a free port, lets the real `wandb sync` send the run in `sys.argv[1]` to it, and prints what came
    /// as JSON; `sys.argv[2]` is a folder for what the command leaves behind.
    static let script = """
        import gzip, json, os, subprocess, sys, threading
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        sent = {"runs": [], "rows": [], "exitCode": None}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_): pass

            def body(self):
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                return gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data

            def reply(self, answer):
                data = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self): self.reply({})

            def do_PUT(self):
                self.body()
                self.reply({})

            def do_POST(self):
                body = json.loads(self.body() or b"{}")
                if "file_stream" in self.path: return self.reply(stream(body))
                self.reply({"data": query(body["query"], body.get("variables") or {})})

        def stream(body):
            history = body.get("files", {}).get("wandb-history.jsonl")
            if history:
                rows = [json.loads(row) for row in history["content"]]
                sent["rows"][history["offset"]:] = [{"_step": row["_step"], "loss": row["loss"]} for row in rows]
            if body.get("complete"): sent["exitCode"] = body.get("exitcode")
            return {"limits": {}}

        def query(text, variables):
            if "upsertBucket" in text:
                name, project = variables["name"], variables["project"]
                sent["runs"].append({"name": name, "project": project, "displayName": variables["displayName"],
                                     "config": {k: {"value": v["value"] if isinstance(v["value"], (int, float)) else None}
                                                for k, v in json.loads(variables["config"] or "{}").items()
                                                if isinstance(v, dict)}})
                owner = {"id": "p", "name": project, "entity": {"id": "e", "name": "me"}}
                return {"upsertBucket": {"inserted": True, "bucket": {
                    "id": "r", "name": name, "displayName": name, "description": "", "config": None, "sweepName": None,
                    "project": owner, "historyLineCount": 0}}}
            if "createRunFiles" in text:
                files = [{"name": name, "uploadUrl": address + "/put/" + name} for name in variables["files"]]
                return {"createRunFiles": {"runID": "r", "uploadHeaders": [], "files": files}}
            server = {"cliVersionInfo": {"max_cli_version": "99.0.0"}, "latestLocalVersionInfo": None, "features": []}
            viewer = {"id": "u", "entity": "me", "username": "me", "flags": "{}", "teams": {"edges": []}}
            return {"viewer": viewer, "serverInfo": server, "model": {"bucket": None},
                    "__type": {"fields": [], "inputFields": []}}

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        address = "http://127.0.0.1:%d" % server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        work = sys.argv[2]
        environment = dict(
            os.environ, WANDB_API_KEY="a" * 40, WANDB_BASE_URL=address, WANDB_ERROR_REPORTING="false", TMPDIR=work,
            WANDB_CACHE_DIR=work, WANDB_CONFIG_DIR=work, WANDB_DIR=work)
        done = subprocess.run([sys.executable, "-m", "wandb", "sync", sys.argv[1]], env=environment, cwd=work,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        sent["output"] = done.stdout
        print(json.dumps(sent))
        """
}
