"""What the comparisons of bench/ share: programs run alternately, medians, aims, tables.

A program under test is a process that prints one JSON object with `seconds`, the times of its steps
without the warm-up. Its peak memory is what the kernel counted for it, 10^6 bytes.
"""

import dataclasses
import datetime
import json
import os
import pathlib
import platform
import select
import statistics
import subprocess
import sys
import tempfile

# The most that a limit on oneDNN's instruction sets leaves to ATen's own loops.
ATEN_CAPABILITY = {"SSE41": "default", "AVX2": "avx2", "AVX512_CORE": "avx512"}
# They make older OpenBLAS builds take slow kernels.
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


@dataclasses.dataclass
class Job:
    """A program under test. `name` is its row in the table."""

    name: str
    command: list
    timeout: float = 3600


@dataclasses.dataclass
class Measurement:
    """All timed steps of a job over all rounds, or why there are none."""

    command: list
    seconds: list = dataclasses.field(default_factory=list)
    peak_mb: float = 0.0
    details: dict = dataclasses.field(default_factory=dict)  # what else its JSON said, last round
    error: str = ""

    def median(self):
        return statistics.median(self.seconds) if self.seconds and not self.error else None


@dataclasses.dataclass
class Aim:
    """A figure, and what it should be: `figure` is None where it could not be measured."""

    name: str
    figure: float | None
    at_least: float | None = None
    at_most: float | None = None

    def met(self):
        if self.figure is None:
            return None
        if self.at_least is not None:
            return self.figure >= self.at_least
        return self.figure <= self.at_most

    def cell(self):
        """The figure and the aim as a cell of a table."""
        if self.figure is None:
            return "not measured"
        bound = f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"
        return f"{self.figure:.2f} ({bound}: {'met' if self.met() else 'missed'})"


def environment(threads, isa=None):
    """The variables that every process of a comparison gets."""
    variables = {key: value for key, value in os.environ.items() if key not in UNSET}
    variables["OMP_NUM_THREADS"] = str(threads)
    if isa:
        variables.update(ONEDNN_MAX_CPU_ISA=isa, DNNL_MAX_CPU_ISA=isa)
        if isa in ATEN_CAPABILITY:
            variables["ATEN_CPU_CAPABILITY"] = ATEN_CAPABILITY[isa]
    return variables


def run_process(command, variables, timeout):
    """(JSON that the process printed, peak memory in MB). RuntimeError with its last words."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                              env=variables) as process:
            usage = wait(process, timeout)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            lines = err.read().decode(errors="replace").strip().splitlines()
            raise RuntimeError(lines[-1] if lines else f"exit code {process.returncode}")
        try:
            printed = json.loads(out.read())
        except ValueError as error:
            raise RuntimeError(f"it printed no JSON: {error}") from error
        return printed, usage.ru_maxrss * 1024 / 1e6


def wait(process, timeout):
    """The resources that the process used; it is ended, and RuntimeError raised, after `timeout`."""
    descriptor = os.pidfd_open(process.pid)
    try:
        poller = select.poll()  # a pidfd is readable when its process has ended
        poller.register(descriptor, select.POLLIN)
        late = not poller.poll(timeout * 1000)
        if late:
            process.kill()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        os.close(descriptor)
    if late:
        raise RuntimeError(f"not done after {timeout:g} s")
    return usage


def measure_alternately(jobs, rounds, variables):
    """Runs every job once a round, in turn: {name: Measurement}. A job that failed is not tried
    again."""
    found = {job.name: Measurement(job.command) for job in jobs}
    for round_number in range(rounds):
        for job in jobs:
            result = found[job.name]
            if result.error:
                continue
            try:
                printed, peak = run_process(job.command, variables, job.timeout)
                seconds = printed.pop("seconds")
            except (RuntimeError, OSError, KeyError) as error:
                result.error = str(error) or type(error).__name__
                print(f"{job.name}: {result.error}", file=sys.stderr, flush=True)
                continue
            result.seconds += seconds
            result.peak_mb = max(result.peak_mb, peak)
            result.details = printed
            print(f"round {round_number + 1}, {job.name}: {statistics.median(seconds):.4g} s, "
                  f"{peak:.0f} MB", file=sys.stderr, flush=True)
    return found


def ratio(numerator, denominator):
    """Of two figures, either of which may be missing."""
    return numerator / denominator if numerator and denominator else None


def times_faster(found, quick, slow):
    """How many times faster job `quick` is than job `slow`, by medians; None if one is missing."""
    if quick not in found or slow not in found:
        return None
    return ratio(found[slow].median(), found[quick].median())


def share_of_memory(found, job, other):
    if job not in found or other not in found or found[job].error or found[other].error:
        return None
    return ratio(found[job].peak_mb, found[other].peak_mb)


def table(header, rows):
    """A Markdown table."""
    return "\n".join(["| " + " | ".join(header) + " |", "|---" * len(header) + "|"] +
                     ["| " + " | ".join(row) + " |" for row in rows])


def seconds_table(found):
    """What each job took: median, quickest, slowest, memory."""
    rows = []
    for name, result in found.items():
        if result.error:
            rows.append([name, result.error.replace("|", "/"), "", "", ""])
            continue
        rows.append([name, f"{result.median():.4g}", f"{min(result.seconds):.4g}",
                     f"{max(result.seconds):.4g}", f"{result.peak_mb:.0f}"])
    return table(["program", "seconds a step", "quickest", "slowest", "peak MB"], rows)


def machine():
    """What the figures depend on."""
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    fields = dict(line.split(":", 1) for line in text.split("\n\n", 1)[0].splitlines())
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    flags = set(fields.get("flags", fields.get("Features", "")).split())
    wanted = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile")
    return {"cpu": fields.get("model name", platform.machine()), "cores": os.cpu_count(),
            "flags": [flag for flag in wanted if flag in flags],
            "load_before": os.getloadavg()[0],
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}


def write_json(path, content):
    """Beside its place first, so that no reader finds half a file."""
    target = pathlib.Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    beside.rename(target)


def as_json(found, aims):
    return {"jobs": {name: {"command": result.command, "median": result.median(),
                            "seconds": result.seconds, "peak_mb": result.peak_mb,
                            "details": result.details, "error": result.error}
                     for name, result in found.items()},
            "aims": [{**dataclasses.asdict(aim), "met": aim.met()} for aim in aims]}
