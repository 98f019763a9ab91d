"""A Cyrus of one's own on the loopback address: IMAP, CalDAV and CardDAV, with the user `u` whose password is `p`.

`cyrus.py ROOM HTTP_PORT` runs one until it is told to end. What Cyrus wants to be sent by mail (invitations and answers to them) goes to
a file, ROOM/sent, one line each, instead of to a mail transport.
"""

import contextlib
import functools
import imaplib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

MASTER = pathlib.Path("/usr/lib/cyrus/bin/master")
USER, PASSWORD, ADMIN = "u", "p", "admin"


def is_there():
    """Cyrus starts as root and goes on as the user that Debian's package makes."""
    return MASTER.exists() and bool(shutil.which("saslpasswd2")) and os.geteuid() == 0 and imapd().exists()


@functools.cache
def imapd():
    """Debian's package of it cannot be installed beside Dovecot's, so it is taken out of the package where it is not installed."""
    installed = MASTER.with_name("imapd")
    if installed.exists() or not shutil.which("apt-get"):
        return installed
    folder = pathlib.Path(__file__).resolve().parents[3] / "target/cyrus"
    unpacked = folder / "usr/lib/cyrus/bin/imapd"
    if not unpacked.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "--quiet", "cyrus-imapd"], cwd=folder, check=True)
        for package in folder.glob("cyrus-imapd_*.deb"):
            subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
    return unpacked


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class Cyrus:
    """To be used in a `with`; `imap` and `http` are its ports."""

    def __init__(self, room, http=None):
        self.room = pathlib.Path(room)
        self.imap, self.http = free_port(), http or free_port()

    def __enter__(self):
        room = self.room
        shutil.rmtree(room, ignore_errors=True)
        for name in ("conf/proc", "mail", "run"):
            (room / name).mkdir(parents=True)
        (room / "imapd.conf").write_text(
            f"configdirectory: {room}/conf\nproc_path: {room}/run/proc\nmboxname_lockpath: {room}/run/lock\n"
            f"defaultpartition: default\npartition-default: {room}/mail\nservername: localhost\nadmins: {ADMIN}\n"
            "altnamespace: yes\nunixhierarchysep: yes\nallowplaintext: yes\nsasl_pwcheck_method: auxprop\n"
            f"sasl_auxprop_plugin: sasldb\nsasl_sasldb_path: {room}/conf/sasldb2\nsasl_mech_list: PLAIN\n"
            f"httpmodules: caldav carddav\nimipnotifier: imip\nsyslog_prefix: mailferry\n"
            f"lmtpsocket: {room}/run/lmtp\nidlesocket: {room}/run/idle\nnotifysocket: {room}/run/notify\n"
        )
        programs = MASTER.parent
        (room / "cyrus.conf").write_text(
            f'START {{\n  recover cmd="{programs}/ctl_cyrusdb -C {room}/imapd.conf -r"\n}}\nSERVICES {{\n'
            f'  imap cmd="{imapd()} -C {room}/imapd.conf" listen="127.0.0.1:{self.imap}" prefork=0\n'
            f'  http cmd="{programs}/httpd -C {room}/imapd.conf" listen="127.0.0.1:{self.http}" prefork=0\n}}\nEVENTS {{ }}\n'
        )
        for user, password in ((ADMIN, PASSWORD), (USER, PASSWORD)):
            subprocess.run(
                ["saslpasswd2", "-c", "-p", "-f", room / "conf/sasldb2", "-u", "localhost", user],
                input=password.encode(), check=True,
            )
        self.transport = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.transport.bind(str(room / "run/notify"))
        threading.Thread(target=self.record, daemon=True).start()
        owner = pwd.getpwnam("cyrus")
        for path in [room, *room.rglob("*")]:
            os.chown(path, owner.pw_uid, owner.pw_gid)
        self.master = subprocess.Popen(
            [MASTER, "-D", "-C", room / "imapd.conf", "-M", room / "cyrus.conf", "-p", room / "run/pid"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(room / "errors", "wb"),
        )
        try:
            admin = self.logged_in(ADMIN)
            admin.create(f"user/{USER}")
            admin.setacl(f"user/{USER}", USER, "lrswipkxtecdan")
            admin.logout()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.master.terminate()
        self.master.wait()
        self.transport.close()

    def record(self):
        """Takes what notifyd would be given."""
        with contextlib.suppress(OSError), open(self.room / "sent", "ab", buffering=0) as sent:
            while octets := self.transport.recv(65_536):
                sent.write(octets.replace(b"\0", b" ").replace(b"\n", b" ")[:200] + b"\n")

    def logged_in(self, user=USER):
        until = time.monotonic() + 30
        while True:
            try:
                client = imaplib.IMAP4("127.0.0.1", self.imap)
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        client.login(user, PASSWORD)
        return client


def main():
    room, http = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with Cyrus(room, int(http)) as server:
        server.master.wait()


if __name__ == "__main__":
    main()
