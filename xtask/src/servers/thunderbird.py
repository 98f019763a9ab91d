"""A Thunderbird without a window, asked by Marionette what it finds in a profile's Local Folders."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

# Reads every folder anew, as after files were put there, and writes each message to a file of its own.
SCRIPT = """
const [room, finish] = [arguments[0], arguments[arguments.length - 1]];
(async () => {
  const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
  const { NetUtil } = ChromeUtils.importESModule("resource://gre/modules/NetUtil.sys.mjs");
  const found = [];
  const root = MailServices.accounts.localFoldersServer.rootFolder;
  for (const folder of root.descendants) {
    const local = folder.QueryInterface(Ci.nsIMsgLocalMailFolder);
    await new Promise(resolve => {
      const listener = { OnStartRunningUrl() {}, OnStopRunningUrl() { resolve(); } };
      try { local.getDatabaseWithReparse(listener, null); resolve(); } catch (error) { /* It is read; the listener says when that is over. */ }
    });
    const path = [];
    for (let at = folder; at !== root; at = at.parent) path.unshift(at.localizedName ?? at.name);
    const messages = [];
    for (const header of folder.msgDatabase.enumerateMessages()) {
      const stream = folder.msgStore.getMsgInputStream(folder, header.storeToken, 0);
      // Of a mailbox no more than a buffer is available at a time.
      const parts = [];
      for (let length; (length = stream.available()); ) parts.push(new Uint8Array(NetUtil.readInputStream(stream, length)));
      const name = `${found.length}-${messages.length}`;
      await IOUtils.write(PathUtils.join(room, name), new Uint8Array(await new Blob(parts).arrayBuffer()));
      messages.push({ name, flags: header.flags });
    }
    found.push({ path, file: folder.filePath.path, messages });
  }
  finish(found);
})().catch(error => finish({ error: `${error} ${error.stack}` }));
"""
# nsMsgMessageFlags.idl: Read, Replied, Marked.
FLAGS = {0x1: "\\Seen", 0x2: "\\Answered", 0x4: "\\Flagged"}


def is_there():
    return bool(shutil.which("thunderbird"))


class Marionette:
    """https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html"""

    def __init__(self, port):
        until = time.monotonic() + 90
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=600)
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        self.stream = self.socket.makefile("rb")
        self.number = 0
        self.answer()

    def answer(self):
        length = b""
        while (octet := self.stream.read(1)) != b":":
            if not octet:
                raise EOFError("Thunderbird ended")
            length += octet
        return json.loads(self.stream.read(int(length)))

    def ask(self, command, **parameters):
        self.number += 1
        question = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(question), question))
        _, _, error, result = self.answer()
        if error:
            raise RuntimeError(error)
        return result


def folders(mail, room):
    """{path of a file below `mail`: [(octets, flags, None)]} of what is shown of the mailboxes in the folder `mail`."""
    room = pathlib.Path(room)
    shutil.rmtree(room, ignore_errors=True)
    messages = room / "messages"
    messages.mkdir(parents=True)
    profile = room / "profile"
    local = profile / "Mail/Local Folders"
    shutil.copytree(mail, local)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    preferences = {
        "marionette.port": port,
        "mail.accountmanager.accounts": "account1",
        "mail.accountmanager.localfoldersserver": "server1",
        "mail.account.account1.server": "server1",
        "mail.server.server1.type": "none",
        "mail.server.server1.hostname": "Local Folders",
        "mail.server.server1.userName": "nobody",
        "mail.server.server1.name": "Local Folders",
        "mail.server.server1.directory": str(local),
        "mail.server.server1.directory-rel": "[ProfD]Mail/Local Folders",
        "mail.server.server1.storeContractID": "@mozilla.org/msgstore/berkeleystore;1",
        "mail.provider.suppress_dialog_on_startup": True,
        "mailnews.start_page.enabled": False,
        "app.update.enabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
    }
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items())
    (profile / "user.js").write_text("".join(lines))
    program = subprocess.Popen(
        ["thunderbird", "--headless", "--no-remote", "--profile", profile, "--marionette", "--remote-allow-system-access"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(room)},
    )
    try:
        client = Marionette(port)
        client.ask("WebDriver:NewSession", capabilities={})
        client.ask("Marionette:SetContext", value="chrome")
        client.ask("WebDriver:SetTimeouts", script=600_000)
        found = client.ask("WebDriver:ExecuteAsyncScript", script=SCRIPT, args=[str(messages)], newSandbox=True)["value"]
    finally:
        program.terminate()
        program.wait()
    if isinstance(found, dict):
        raise RuntimeError(found["error"])
    return {
        str(pathlib.Path(folder["file"]).relative_to(local)): [
            ((messages / one["name"]).read_bytes(), sorted(name for flag, name in FLAGS.items() if one["flags"] & flag), None)
            for one in folder["messages"]
        ]
        for folder in found
    }
