'use strict';
const worker = require('./worker.js');

exports.MailferryError = worker.MailferryError;
exports.inWorker = worker.inWorker;
