'use strict';
const worker = require('./worker-node.js');

exports.MailferryError = worker.MailferryError;
exports.inWorker = worker.inWorker;
