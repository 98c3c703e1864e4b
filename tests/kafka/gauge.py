"""What a long run uses, sample by sample: of the processors memory, file descriptors and disk; how far they are behind; the
processors' share of the machine. And whether the last third is as flat as the one before."""
import os
import pathlib
import time

import confluent_kafka as kafka

import log as logs

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20
# How much the mean of the last third may be above that of the middle third: a share of it, and a bit that is noise.
BOUNDS = {"rss_mib": (0.20, 16), "files": (0.20, 16), "disk_bytes_each": (0.20, 400), "lag": (0.50, 5000)}
SAMPLES_MIN = 10  # a shorter run is all warming up


def stat(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds(pid):
    try:
        fields = stat(pid)
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mib(pid):
    try:
        return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / MIB
    except OSError:
        return 0.0


def file_count(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def folder_bytes(folder):
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except OSError:
            pass
    return total


def machine_busy():
    """(busy, all) seconds of all cores."""
    fields = list(map(int, pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]))
    return (sum(fields) - fields[3] - fields[4]) / TICKS, sum(fields) / TICKS


class Gauge:
    def __init__(self, run):
        self.run = run
        self.samples = []
        self.cpu = {}  # pid: seconds at the last sample
        self.machine = machine_busy()
        self.proven = 0
        self.at = self.began = time.monotonic()

    def own_cpu(self):
        """Seconds that the processes of the run have used since the last sample; what one used before it ended is lost."""
        used = 0.0
        for pid in self.run.pids():
            now = cpu_seconds(pid)
            used += max(0.0, now - self.cpu.get(pid, 0.0))
            self.cpu[pid] = now
        return used

    def sample(self):
        run, now = self.run, time.monotonic()
        seconds, self.at = now - self.at, now
        busy, total = machine_busy()
        executions = run.ledger.counts["executions"]
        processors = [one for one in run.processors if one.running]
        pids = [one.process.pid for one in processors]
        share = 100 / (seconds * os.cpu_count())
        self.samples.append({
            "minute": (now - self.began) / 60,
            "a_second": (executions - self.proven) / seconds,
            "cpu": self.own_cpu() * share,
            "machine": 100 * (busy - self.machine[0]) / max(0.01, total - self.machine[1]),
            "rss_mib": max(map(rss_mib, pids), default=0),
            "files": max(map(file_count, pids), default=0),
            "disk_mib": max((folder_bytes(run.world.state_dir(one)) for one in processors), default=0) / MIB,
            "lag": self.lag(),
            "open": len(run.ledger.bundles),
            "own_mib": rss_mib(os.getpid()),
        })
        self.samples[-1]["disk_bytes_each"] = self.samples[-1]["disk_mib"] * MIB / max(1, executions)
        self.machine, self.proven = (busy, total), executions
        one = self.samples[-1]
        run.say("{minute:5.1f} min: {a_second:.1f} executions/s proven, CPU {cpu:.0f} % (machine {machine:.0f} %), RSS {rss_mib:.0f} "
                "MiB, files {files}, RocksDB {disk_mib:.1f} MiB, lag {lag}, open {open}, checker {own_mib:.0f} MiB; ".format(**one)
                + f"{sum(run.faults.values())} faults")

    def lag(self):
        """Input records that no processor has committed."""
        world = self.run.world
        try:
            committed = logs.read_positions(world.bootstrap, world.prefix, world.partitions, seconds=2)
            ends = self.run.follower.watermarks(seconds=2)
        except kafka.KafkaException:  # a broker is away: as it was
            return self.samples[-1]["lag"] if self.samples else 0
        return sum(max(0, ends[world.topic(topic), partition] - at) for (topic, partition), at in committed.items())

    def slopes(self):
        """What rose from the middle third to the last by more than its bound, as texts; the first third is warming up."""
        third = len(self.samples) // 3
        if len(self.samples) < SAMPLES_MIN:
            return []
        rises = []
        for name, (part, bit) in BOUNDS.items():
            middle, last = (sum(one[name] for one in samples) / third
                            for samples in (self.samples[-2 * third:-third], self.samples[-third:]))
            flat = last <= middle * (1 + part) + bit
            self.run.say(f"{name}: {middle:.1f} in the middle third, {last:.1f} in the last"
                         f"{'' if flat else ': not flat'} (at most {part:.0%} and {bit} more)")
            if not flat:
                rises.append(name)
        return rises
