// Rival 6: Node, as its documentation's echo server. `node.js NAME`: what a read brought, up to 64 KiB,
// leaves in one write; libuv makes the pipes, of 64 KiB a direction.
'use strict';
const fs = require('fs');
const net = require('net');

process.env.NODE_PENDING_PIPE_INSTANCES = '64'; // that wait for clients; Node asks when it listens
const path = '\\\\.\\pipe\\' + process.argv[2];
const server = net.createServer((socket) => {
  socket.on('data', (data) => socket.write(data));
  socket.on('error', () => socket.destroy());
});

process.on('SIGINT', () => process.exit(0));
// Not console.log: what Wine gives for a pipe of the system below it is none to Node.
server.listen(path, () => fs.writeSync(1, `ready pipe=${path} pid=${process.pid}\n`));
