"""The program at a pseudo-terminal, and what the tests of the prompt share. Standard library only."""
import fcntl, os, pty, re, select, signal, struct, subprocess, sys, termios, time

PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".build/release/skullstrip")
PROMPT, MORE = "strip> ", "  ...> "
TESTS = []


def test(f):
    TESTS.append(f)
    return f


class Terminal:
    """The program at a terminal of 100 × 30 characters. `env` adds to its environment, and takes away what is None there."""

    def __init__(self, home, *arguments, env=None, start=True):
        self.home = home
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            environment = {"HOME": home, "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})}
            os.execve(PROGRAM, [PROGRAM, *arguments], {name: value for name, value in environment.items() if value is not None})
        self.resize(30, 100, tell=False)
        self.raw = ""
        self.pending = b""
        if start:
            self.wait()

    def resize(self, rows, columns, tell=True):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            os.kill(self.pid, signal.SIGWINCH)

    def send(self, text):
        """Types a text. What the program writes meanwhile is kept for `wait`: it might stop reading until somebody takes it."""
        data = text if isinstance(text, bytes) else text.encode()
        while data:
            readable, writable, _ = select.select([self.fd], [self.fd], [], 20)
            assert readable or writable, "the program does not take its input"
            if readable:
                self.pending += os.read(self.fd, 65536)
            if writable:
                data = data[os.write(self.fd, data[:1024]):]

    def settle(self, seconds=0.3):
        """Waits until nothing has been written for so long; returns what was."""
        seen, self.pending = self.pending, b""
        while select.select([self.fd], [], [], seconds)[0]:
            seen += os.read(self.fd, 65536)
        return plain(seen)

    def wait(self, until=PROMPT, timeout=20.0):
        """Reads until the text ends in `until` (colours left out); returns what was read, without colours."""
        seen, end = self.pending, time.monotonic() + timeout
        self.pending = b""
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    chunk = os.read(self.fd, 65536)
                except OSError:
                    chunk = b""
                if not chunk:
                    break
                seen += chunk
            elif plain(seen).endswith(until):
                return plain(seen)
        text = plain(seen)
        assert text.endswith(until), f"waited for {until!r}, saw {text!r}"
        return text

    def enter(self, text, until=PROMPT, timeout=20.0):
        """Types a line and returns what is shown below it."""
        self.send(text + "\r")
        seen = self.wait(until, timeout)
        return seen.split("\n", 1)[1] if "\n" in seen else seen

    def status(self, timeout=20.0):
        """The exit status, once it has left."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.02)[0]:
                try:
                    self.raw += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("the program does not leave")

    def ended(self):
        return self.pid == 0 or os.waitpid(self.pid, os.WNOHANG)[0] != 0

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self.fd)
            self.pid = 0


def plain(data):
    text = data.decode(errors="replace") if isinstance(data, bytes) else data
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return re.sub(r"\r+\n", "\n", text)


def value(shown):
    """What lies between the input line and the next prompt."""
    return shown.rsplit(PROMPT, 1)[0].strip()


def run(*arguments, stdin=""):
    p = subprocess.run([PROGRAM, *arguments], input=stdin.encode() if isinstance(stdin, str) else stdin, capture_output=True, timeout=60)
    return p.returncode, p.stdout.decode(), p.stderr.decode()
