"""An HTTP server for tests: each request becomes DIRECTORY/N.request, its line, its head and its body.

usage: http_listener.py DIRECTORY
The port it listens on is in DIRECTORY/port as soon as it does. How it answers is in
DIRECTORY/answer, one of: "STATUS [LOCATION]", "hang", "close"; 200 where there is none.
"""
import http.server
import itertools
import os
import sys
import threading

directory = sys.argv[1]
numbers = itertools.count(1)


def write(name, contents):
    path = os.path.join(directory, name)
    with open(path + ".part", "wb") as file:
        file.write(contents)
    os.rename(path + ".part", path)


def answer():
    try:
        with open(os.path.join(directory, "answer")) as file:
            return file.read().split()
    except FileNotFoundError:
        return ["200"]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        head = f"{self.command} {self.path}\n{self.headers}"
        write(f"{next(numbers)}.request", head.encode() + body)
        said = answer()
        if said[0] == "hang":
            threading.Event().wait()
        if said[0] == "close":
            self.close_connection = True
            return
        self.send_response(int(said[0]))
        if len(said) > 1:
            self.send_header("Location", said[1])
        # As some servers do, with what may be secret in it.
        told = f"you have asked for {self.path}\n".encode()
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
write("port", str(server.server_address[1]).encode())
server.serve_forever()
