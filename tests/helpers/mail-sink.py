#!/usr/bin/python3
"""mail-sink.py DIRECTORY: a server of SMTP that writes each mail to a file there. Prints its port. While the file
`refuse` is in the directory it takes no mail."""
import os
import socketserver
import sys

directory = sys.argv[1]


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def take_mail(self):
        if os.path.exists(directory + "/refuse"):
            return self.say("451 later")
        self.say("354 go on")
        with open("%s/mail.%d" % (directory, len(os.listdir(directory))), "wb") as mail:
            for line in iter(self.rfile.readline, b".\r\n"):
                mail.write(line[1:] if line.startswith(b".") else line)
        self.say("250 taken")

    def handle(self):
        self.say("220 sink ESMTP")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"DATA":
                self.take_mail()
            elif word == b"QUIT":
                return self.say("221 bye")
            else:
                self.say("250 sink")


with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
