"""A Dovecot of one's own, without network: each client starts one as its tunnel."""

import imaplib
import os

import imap


class Dovecot:
    """Serves what is at `location` (Dovecot's mail_location); what it reads belongs to it afterwards."""

    def __init__(self, room, location):
        self.room = room
        home = room / "dovecot"
        home.mkdir(parents=True, exist_ok=True)
        user = "root" if os.geteuid() == 0 else os.environ.get("USER", "nobody")
        # Dovecot refuses to be root: what it reads belongs to somebody else.
        self.uid, self.gid = (65534, 65534) if user == "root" else (os.geteuid(), os.getegid())
        (home / "conf").write_text(
            f"base_dir = {home}/run\nstate_dir = {home}\nlog_path = {home}/log\nssl = no\nmail_location = {location}\n"
            f"mail_uid = {self.uid}\nmail_gid = {self.gid}\nfirst_valid_uid = 1\nmail_home = {home}/home\nauth_mechanisms = plain\n"
            "namespace inbox {\n  inbox = yes\n}\nprotocols = imap\nmail_max_keyword_length = 100\n"
        )
        (home / "home").mkdir(exist_ok=True)
        for path in [room, *room.rglob("*")]:
            os.chown(path, self.uid, self.gid) if os.geteuid() == 0 else None
        self.command = f"USER=test HOME={home}/home /usr/lib/dovecot/imap -c {home}/conf -o log_path={home}/log"
        if os.geteuid() == 0:
            self.command = f"setpriv --reuid {self.uid} --regid {self.gid} --clear-groups env {self.command}"

    def folders(self):
        client = imaplib.IMAP4_stream(self.command)
        try:
            return imap.folders(client)
        finally:
            client.shutdown()
