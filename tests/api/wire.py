"""Requests as they are, right or wrong: what no SDK would send."""
import http.client
import json
import urllib.parse


class Wire:
    """One connection. Answers are checked as those of SDKs are."""

    def __init__(self, service):
        self.service = service
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(service.endpoint).netloc, timeout=90)

    def send(self, operation, body):
        """Status and answer."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.request("POST", "/", text, {"X-Amz-Target": f"AWSStepFunctions.{operation}",
                                                    "Content-Type": "application/x-amz-json-1.0"})
        answer = self.connection.getresponse()
        return answer.status, self.service.answers.check(operation, answer.status, answer.read())

    def call(self, operation, **members):
        status, answer = self.send(operation, members)
        assert status == 200, (operation, members, answer)
        return answer

    def refused(self, operation, **members):
        """The exception's name and its message."""
        status, answer = self.send(operation, members)
        assert status == 400, (operation, members, answer)
        return answer["__type"].partition("#")[2], answer.get("message")

    def close(self):
        self.connection.close()
