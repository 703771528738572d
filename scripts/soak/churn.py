"""Users who come and go: they log in, work, and log out, or just leave their session to expire."""

import random
import threading
import time

from client import Client

PASSWORD = "correct horse battery"


class Churn:
    """Keeps `clients` requests in flight until it is stopped. Each client has users of its own, so that it knows what
    they have written."""

    def __init__(self, port, clients, users):
        self.port = port
        self.requests = 0
        self.failures = []
        self.stopped = threading.Event()
        self.threads = [
            threading.Thread(target=self.run, args=(number, users // clients)) for number in range(clients)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def run(self, number, count):
        names = [f"soak-{number}-{index}" for index in range(count)]
        written = dict.fromkeys(names, 0)
        try:
            client = Client(self.port)
            for name in names:
                self.register(client, name)
            client.close()
            while not self.stopped.is_set():
                client = Client(self.port)
                for _ in range(random.randint(1, 5)):
                    name = random.choice(names)
                    written[name] = self.visit(client, name, written[name])
                if random.random() < 0.1:
                    self.pass_through(client, f"guest-{number}-{self.requests}")
                client.close()
        except Exception as failure:
            self.failures.append(failure)

    def call(self, client, *arguments, **options):
        reply = client.call(*arguments, **options)
        self.requests += 1
        time.sleep(random.uniform(0, 0.1))
        return reply

    def register(self, client, name):
        self.call(client, "POST", "/v1/users", 201, body={"username": name, "password": PASSWORD})
        token = self.log_in(client, name)
        self.query(client, token, "CREATE TABLE entries (number INTEGER PRIMARY KEY, content BLOB)")
        self.call(client, "DELETE", "/v1/sessions/current", 204, token=token)

    def log_in(self, client, name):
        reply = self.call(client, "POST", "/v1/sessions", 201, body={"username": name, "password": PASSWORD})
        return reply["token"]

    def query(self, client, token, sql, expected=200):
        return self.call(client, "POST", "/v1/query", expected, token=token, body={"sql": sql})

    def visit(self, client, name, written):
        """One session, from login to logout or to nowhere; how many rows there are now."""
        token = self.log_in(client, name)
        for _ in range(random.randint(1, 6)):
            self.query(client, token, "INSERT INTO entries (content) VALUES (randomblob(2000))")
            written += 1
            reply = self.query(client, token, "SELECT count(*) FROM entries")
            if reply["rows"] != [[written]]:
                raise AssertionError(f"{name} has {reply['rows']} and has written {written}")
        if written > 200:
            self.query(client, token, "DELETE FROM entries")
            written = 0
        if random.random() < 0.2:
            self.query(client, token, "SELECT nonsense", expected=400)
        if random.random() < 0.5:
            self.call(client, "DELETE", "/v1/sessions/current", 204, token=token)
        return written

    def pass_through(self, client, name):
        """A user who registers, writes, and deletes the account."""
        self.register(client, name)
        token = self.log_in(client, name)
        self.query(client, token, "INSERT INTO entries (content) VALUES (randomblob(100000))")
        self.call(client, "DELETE", "/v1/me", 204, token=token, body={"password": PASSWORD})
