// A client in Node, as its users write them. `node.js PIPE WHAT [ARGUMENT...]`; status 0 when all was
// as docs/clients.md says. Its framed mode is written from docs/wire-format.md alone.
'use strict';
const assert = require('assert');
const fs = require('fs');
const net = require('net');

const [path, what, ...given] = process.argv.slice(2);

// ---- A pipe that is read as much at a time as one wants ----

class Pipe {
  constructor(options) {
    this.read = Buffer.alloc(0);
    this.ended = this.closed = false;
    this.changed = () => {};
    this.socket = net.connect({ path, ...options });
    this.socket.on('data', (part) => this.note(() => (this.read = Buffer.concat([this.read, part]))));
    this.socket.on('end', () => this.note(() => (this.ended = true)));
    this.socket.on('close', () => this.note(() => (this.ended = this.closed = true)));
    this.socket.on('error', (error) => { console.error(error.message); process.exitCode = 1; });
  }

  note(change) {
    change();
    this.changed();
  }

  async until(condition) {
    while (!condition())
      await new Promise((resolve) => (this.changed = resolve));
  }

  write(data) {
    return new Promise((resolve) => this.socket.write(data, resolve));
  }

  // So many bytes, or fewer, with which it ended.
  async take(length) {
    await this.until(() => this.read.length >= length || this.ended);
    const taken = this.read.subarray(0, length);
    this.read = this.read.subarray(length);
    return taken;
  }

  async rest() {
    await this.until(() => this.ended);
    return this.take(this.read.length);
  }

  async leave() {
    this.socket.end();
    await this.until(() => this.closed);
  }
}

// ---- Framed mode ----

const END = Buffer.from([0x01, 0x00, 0x00, 0x80]);

function header(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function frame(payload) {
  return Buffer.concat([header(payload.length), payload]);
}

async function takeFrame(pipe) {
  return pipe.take((await pipe.take(4)).readUInt32LE());
}

// ---- What is tried ----

function pattern(size) {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++)
    bytes[i] = (i * 31) >> 3;
  return bytes;
}

function same(got, wanted, of) {
  assert.strictEqual(got.length, wanted.length, `length of ${of}`);
  assert(got.equals(wanted), `bytes of ${of}`);
}

async function echo(pipe, mode, size) {
  const sent = pattern(size);
  pipe.write(mode === 'framed' ? frame(sent) : sent);
  same(mode === 'framed' ? await takeFrame(pipe) : await pipe.take(size), sent, `${size} bytes`);
}

const table = {
  async exchange(mode, ...sizes) {
    const pipe = new Pipe();
    for (const size of sizes)
      await echo(pipe, mode, Number(size));
    await pipe.leave();
  },

  async crowd(mode, count, rounds) {
    const pipes = Array.from({ length: Number(count) }, () => new Pipe());
    await Promise.all(pipes.map(async (pipe) => {
      for (let i = 1; i <= Number(rounds); i++)
        await echo(pipe, mode, 100 * i);
    }));
    await Promise.all(pipes.map((pipe) => pipe.leave()));
  },

  // Frames that one write has many of, and frames that many writes have one of.
  async frames(count) {
    const pipe = new Pipe();
    const frames = Array.from({ length: Number(count) }, (_, i) => frame(pattern(i)));
    const all = Buffer.concat(frames);
    pipe.write(all);
    same(await pipe.take(all.length), all, 'all frames');
    const few = Buffer.concat(frames.slice(0, 20));
    for (let i = 0; i < few.length; i++)
      await pipe.write(few.subarray(i, i + 1));
    await pipe.write(END);
    same(await pipe.rest(), few, 'split frames, and the end');
  },

  // A length over the limit, and a frame that is not defined: the answer is the end. At last it leaves
  // inside a frame.
  async violations() {
    for (const wrong of [header(0x100001), header(0x80000004)]) {
      const pipe = new Pipe();
      pipe.write(wrong);
      same(await pipe.rest(), Buffer.alloc(0), `the answer to ${wrong.toString('hex')}`);
    }
    const pipe = new Pipe();
    await pipe.write(header(10));
    await pipe.leave();
  },

  // Reads nothing until it is told to, when the server has gone.
  async late(size) {
    const pipe = new Pipe();
    const sent = pattern(Number(size));
    pipe.socket.pause();
    await pipe.write(sent);
    // Not by process.stdin and stdout: what Wine gives for them is no pipe that Node can wait for.
    fs.writeSync(1, 'waiting\n');
    fs.readSync(0, Buffer.alloc(10));
    pipe.socket.resume();
    same(await pipe.rest(), sent, 'what was left behind');
  },

  // A message of no bytes can be sent; that one has come is not to be seen.
  async empty() {
    const pipe = new Pipe();
    await echo(pipe, 'message', 10);
    await pipe.write(Buffer.alloc(0));
    await echo(pipe, 'message', 20);
    assert(!pipe.ended, 'it has not ended');
    await pipe.leave();
  },

  // Writes that wait for one another leave as one message.
  async merges(count) {
    const pipe = new Pipe();
    await echo(pipe, 'message', 10);
    for (let i = 0; i < Number(count); i++)
      pipe.write(pattern(10));
    same(await pipe.take(10 * count), Buffer.concat(Array(Number(count)).fill(pattern(10))), 'all');
    await pipe.leave();
  },

  // The end of sending, where a message of no bytes is that.
  async half(count) {
    const pipe = new Pipe();
    for (let i = 0; i < Number(count); i++)
      await pipe.write(pattern(100));
    pipe.write(Buffer.alloc(0));
    const answers = await pipe.rest();
    same(answers, Buffer.concat(Array(Number(count)).fill(pattern(100))), 'all answers');
  },

  // end() closes though the server neither answers nor closes.
  async leaves() {
    for (const allowHalfOpen of [false, true]) {
      const pipe = new Pipe({ allowHalfOpen });
      pipe.socket.end(pattern(10));
      same(await pipe.rest(), Buffer.alloc(0), 'what came');
      await pipe.until(() => pipe.closed);
    }
  },
};

table[what](...given).catch((error) => { console.error(error); process.exit(1); });
