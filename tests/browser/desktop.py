"""A real X desktop with a VNC server, a colour, and a program that reports clicks and keys."""
import os
import subprocess
import threading

from wire import until


class Desktop:
    """Xvnc on its own Unix socket. `colour`: of the root window, as (r, g, b)."""

    SIZE = (320, 240)
    WINDOW = (40, 30)  # a point inside of xev's window

    def __init__(self, folder, colour):
        self.path, self.colour, self.events = str(folder / 'vnc.sock'), colour, ''
        reader, writer = os.pipe()
        self.server = subprocess.Popen(
            ['Xvnc', '-displayfd', str(writer), '-rfbport', '-1', '-rfbunixpath', self.path, '-SecurityTypes', 'None',
             '-AlwaysShared', '-geometry', '%dx%d' % self.SIZE, '-depth', '24', '-nolisten', 'tcp', '-ac'],
            pass_fds=[writer], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            number = pipe.readline().strip()
        assert number, 'Xvnc does not start'
        self.env = {**os.environ, 'DISPLAY': f':{number}'}
        subprocess.run(['xsetroot', '-solid', '#%02x%02x%02x' % colour], env=self.env, check=True)
        self.client = subprocess.Popen(['stdbuf', '-oL', 'xev', '-geometry', '100x80+10+10'], env=self.env,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.listen, daemon=True).start()
        self.expect('MapNotify')

    def listen(self):
        for line in self.client.stdout:
            self.events += line

    def expect(self, *parts):
        """Waits until the desktop has reported all these parts since the last call."""
        until(lambda: all(part in self.events for part in parts), lambda: f'no {parts} in {self.events[-3000:]}')
        self.events = ''

    def close(self):
        for process in (self.client, self.server):
            process.terminate()
            process.wait()
