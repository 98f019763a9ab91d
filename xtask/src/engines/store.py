"""An object store on the loopback address that is busy every now and then: moto's, which answers one read of twenty with 503.

store.py PORT
"""

import random
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

BUSY = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'
chance, store = random.Random(22), DomainDispatcherApplication(create_backend_app)


def answer(environ, start_response):
    if environ["REQUEST_METHOD"] == "GET" and "HTTP_RANGE" in environ and chance.random() < 0.05:
        start_response("503 Slow Down", [("Content-Type", "application/xml"), ("Content-Length", str(len(BUSY)))])
        print("503", flush=True)
        return [BUSY]
    return store(environ, start_response)


run_simple("127.0.0.1", int(sys.argv[1]), answer, threaded=True)
