"""What goes wrong in cluster.py: three lanes, each of which troubles one kind of victim, one fault after the other, side by
side with the others. A fault is a method that leaves things as they were when it returns; the table at the end of a lane
names them."""
import errno
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
SESSION_SECONDS = 6.0  # of a processor in its group
IN_SYNC_SECONDS_MAX = 120
SPARE_BYTES = 65536  # what a full disk has left
FILL_TRIES = 20
# Kinds of requests (Kafka's protocol, "API keys").
APIS = {"Produce": 0, "Fetch": 1, "Heartbeat": 12, "AddPartitionsToTxn": 24, "AddOffsetsToTxn": 25, "EndTxn": 26,
        "TxnOffsetCommit": 28}


def take_room(file, disk):
    """All but SPARE_BYTES; what else is written there meanwhile may take some first."""
    for _ in range(FILL_TRIES):
        try:
            return os.posix_fallocate(file.fileno(), 0, max(1, shutil.disk_usage(disk).free - SPARE_BYTES))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    raise AssertionError(f"{disk} can't be filled: others take its room")


class Lane:
    """Each kind of fault once in a turn, in an order that the seed gives; between two a calm of some seconds."""
    calm_seconds = (1.0, 4.0)

    def __init__(self, run, chance):
        self.run = run
        self.chance = chance
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.problem = None

    def work(self):
        turn = []
        try:
            while not self.run.faults_end.is_set():
                turn = turn or self.chance.sample(list(self.kinds()), len(self.kinds()))
                self.one(turn.pop())
                self.wait(self.chance.uniform(*self.calm_seconds))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self.problem = error
            self.run.faults_end.set()

    def one(self, kind):
        told = self.kinds()[kind]()
        self.run.count(kind)
        self.run.say(f"{kind}{': ' + str(told) if told else ''}")

    def wait(self, seconds):
        """A calm that ends when the run does."""
        self.run.faults_end.wait(seconds)


class ProcessLane(Lane):
    calm_seconds = (1.0, 5.0)

    def kinds(self):
        fill = {"fill disk": self.fill} if self.run.world.mounts else {}
        return {"kill": self.kill, "stop": self.stop, "stop short": self.stop_short, "term": self.term, "wipe disk": self.wipe,
                "delete disk": self.delete, "clock forward": self.forward, "clock back": self.back, "kill all": self.kill_all,
                "kill worker": self.kill_worker, **fill}

    def wait(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.run.faults_end.is_set():
            self.run.supervise()
            time.sleep(0.2)

    def victim(self):
        self.run.supervise()
        return self.chance.choice(self.run.processors)

    def kill(self):
        victim = self.victim()
        victim.kill()
        time.sleep(self.chance.uniform(0, SESSION_SECONDS + 1))
        victim.start()
        return victim.name

    def hold(self, seconds):
        victim = self.victim()
        victim.send(signal.SIGSTOP)
        time.sleep(seconds)
        victim.send(signal.SIGCONT)
        return f"{victim.name} for {seconds:.1f} s"

    def stop(self):
        return self.hold(SESSION_SECONDS + self.chance.uniform(1, 6))

    def stop_short(self):
        return self.hold(self.chance.uniform(0.2, SESSION_SECONDS - 2))

    def term(self):
        victim = self.victim()
        begin = time.monotonic()
        code = victim.end()
        assert code == 0, f"{victim.name} ended with {code} after SIGTERM"
        victim.start()
        return f"{victim.name} took {time.monotonic() - begin:.1f} s"

    def wipe(self):
        victim = self.victim()
        victim.kill()
        shutil.rmtree(self.run.world.state_dir(victim), ignore_errors=True)
        victim.start()
        return victim.name

    def delete(self):
        """Its files go while it works; then it goes, too."""
        victim = self.victim()
        shutil.rmtree(self.run.world.state_dir(victim), ignore_errors=True)
        time.sleep(self.chance.uniform(1, 5))
        ended = "" if victim.running else f", which ended with {victim.process.returncode}"
        victim.kill()
        shutil.rmtree(self.run.world.state_dir(victim), ignore_errors=True)
        victim.start()
        return victim.name + ended

    def fill(self):
        """Its disk has no room for a while."""
        victim = self.victim()
        disk = self.run.world.state_dir(victim).parent
        filler = disk / "filler"
        with open(filler, "wb") as file:
            take_room(file, disk)
        time.sleep(self.chance.uniform(3, 10))
        filler.unlink()
        return victim.name

    def step(self, seconds):
        victim = self.victim()
        self.run.world.set_clock(victim, seconds)
        time.sleep(self.chance.uniform(2, 10))
        self.run.world.set_clock(victim, 0)
        return f"{victim.name} by {seconds:.1f} s, and back"

    def forward(self):
        return self.step(self.chance.choice((2, 10, 30)))

    def back(self):
        return self.step(-self.chance.choice((2, 10, 30)))

    def kill_all(self):
        for one in self.run.processors:
            one.kill()
        time.sleep(self.chance.uniform(0, 3))
        for one in self.run.processors:
            one.start()

    def kill_worker(self):
        worker = self.chance.choice(self.run.workers)
        worker.kill()
        worker.start()
        return worker.name


class BrokerLane(Lane):
    """One at a time: the next one only when all replicas are in sync again, or acknowledged records could be lost."""
    calm_seconds = (2.0, 8.0)

    def kinds(self):
        return {"kill broker": self.kill, "bounce broker": self.bounce, "pause broker": self.pause, "lose broker": self.lose}

    def control(self, verb, number):
        subprocess.run([HERE / "broker", verb, self.run.world.node(number)], check=True, stdout=subprocess.DEVNULL)

    def victim(self):
        return self.chance.randrange(self.run.world.node_count) + 1

    def back(self, number):
        begin = time.monotonic()
        self.control("start", number)
        self.await_in_sync()
        return f"{number}, all in sync again {time.monotonic() - begin:.1f} s after its start"

    def await_in_sync(self):
        deadline = time.monotonic() + IN_SYNC_SECONDS_MAX
        while (missing := self.run.world.out_of_sync()) != 0:
            assert time.monotonic() < deadline, f"{missing} partitions are out of sync"
            time.sleep(0.5)

    def kill(self):
        number = self.victim()
        self.control("kill", number)
        time.sleep(self.chance.uniform(0, 6))
        return self.back(number)

    def bounce(self):
        number = self.victim()
        self.control("stop", number)
        return self.back(number)

    def pause(self):
        """For longer than the controller waits for it, or shorter."""
        number = self.victim()
        self.control("pause", number)
        time.sleep(self.chance.uniform(0.5, 8))
        return self.back(number)

    def lose(self):
        """With its disk, when the others know that it is gone."""
        number = self.victim()
        self.control("kill", number)
        time.sleep(5)
        self.control("empty", number)
        return self.back(number)


class NetworkLane(Lane):
    """Through network.c."""

    def kinds(self):
        holds = {f"hold {name}": lambda name=name: self.hold(name) for name in APIS}
        return {"delay": self.delay, "mute up": lambda: self.mute("up"), "mute down": lambda: self.mute("down"),
                "reset": self.reset, "refuse": self.refuse, **holds}

    def node(self):
        """One, or all."""
        return self.chance.randrange(self.run.world.node_count + 1)

    def tell(self, *words):
        """What the network has done since it was last told something."""
        return self.run.world.trouble(" ".join(map(str, words)))

    def delay(self):
        node, most_ms = self.node(), self.chance.choice((20, 200, 2000))
        self.tell("delay", node, most_ms)
        time.sleep(self.chance.uniform(2, 6))
        self.tell("delay", node, 0)
        return f"up to {most_ms} ms at {node or 'all'}"

    def mute(self, way):
        node = self.node()
        told = self.tell("mute", node, way)
        time.sleep(self.chance.uniform(1, 6))
        return f"at {node or 'all'}: {told}"

    def reset(self):
        node = self.node()
        return f"at {node or 'all'}: {self.tell('reset', node)}"

    def refuse(self):
        node = self.node()
        self.tell("refuse", node, "on")
        time.sleep(self.chance.uniform(0.5, 4))
        return f"at {node or 'all'}: {self.tell('refuse', node, 'off')}"

    def hold(self, name):
        self.tell("hold", 0, APIS[name], self.chance.choice((1, 1, 3)), self.chance.choice((0, 0, 100, 1000, 5000)))
        time.sleep(self.chance.uniform(6, 10))  # the client gives up after 5 s
        return self.tell("hold", 0, -1, 0, 0)


LANES = (ProcessLane, BrokerLane, NetworkLane)


class Clock:
    """The file that clock.c reads."""

    def __init__(self, path):
        self.path = path
        self.set(0)

    def set(self, seconds):
        with open(self.path, "r+b" if self.path.exists() else "w+b") as file:
            file.write(struct.pack("=q", int(seconds * 10**9)))
