#!/usr/bin/env python3
"""count.py STATUS REPORT…: prints `passed failed skipped` over JUnit reports; without any, STATUS itself is the one test.
A part that ended badly though no test of it failed counts as one failure."""
import pathlib
import sys
import xml.etree.ElementTree as xml


def count(status, paths):
    passed = failed = skipped = 0
    reports = [path for path in map(pathlib.Path, paths) if path.exists()]
    for path in reports:
        for case in xml.parse(path).getroot().iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
                failed += 1
            elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
                skipped += 1
            else:
                passed += 1
    if not reports and status == 0:
        passed = 1
    if status != 0 and failed == 0:
        failed = 1
    return passed, failed, skipped


if __name__ == "__main__":
    print(*count(int(sys.argv[1]), sys.argv[2:]))
