export function envelopeSeq(b: Buffer): string {
  const t = b.toString('latin1');
  const m = /[a-z{}]+=\d+=/.exec(t);
  return m ? m[0] : t.length > 20 ? `<${t.length}>` : t;
}
