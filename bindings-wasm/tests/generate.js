// Mail that is the same on every run.

/** An mbox of about `octets` octets; messages of 1 to 60 KiB, from several years. */
export function mbox(octets) {
  const parts = [...mboxParts(octets)];
  return Buffer.concat(parts);
}

export function* mboxParts(octets) {
  let state = 0x2545f491;
  const random = (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const words = ['ferry', 'harbour', 'letter', 'tide', 'crossing', 'anchor', 'lantern', 'ticket', 'morning', 'quay'];
  const line = () => Array.from({ length: 9 }, () => words[random(words.length)]).join(' ');
  const paragraph = Array.from({ length: 40 }, line).join('\n');
  for (let number = 1, made = 0; made < octets; number++) {
    const date = new Date(Date.UTC(2016 + random(9), random(12), 1 + random(28), random(24), random(60)));
    const labels = ['Inbox', 'Sent', 'Projects/Harbour', 'Inbox,Important', 'Trash'][random(5)];
    const header = `From ${number}@xxx ${date.toUTCString().replace(',', '')}\nX-Gmail-Labels: ${labels}\nMessage-ID: <${number}@ferry.example>\nDate: ${date.toUTCString()}\nFrom: Ann <ann@example.org>\nTo: Bob <bob@example.com>\nSubject: ${line()}\n\n`;
    const body = `${number} ${paragraph}\n`.repeat(1 + random(20));
    const message = Buffer.from(`${header}${body}\n`);
    made += message.length;
    yield message;
  }
}
