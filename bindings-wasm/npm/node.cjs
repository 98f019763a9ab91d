'use strict';
// The same for those who call require(), which loads modules since Node 20.19 and 22.12.
const mailferry = require('./node.js');

exports.MailferryError = mailferry.MailferryError;
exports.blobSource = mailferry.blobSource;
exports.bytesSource = mailferry.bytesSource;
exports.convert = mailferry.convert;
exports.fileSink = mailferry.fileSink;
exports.fileSource = mailferry.fileSource;
exports.folderSource = mailferry.folderSource;
exports.formats = mailferry.formats;
exports.handleSink = mailferry.handleSink;
exports.handleSource = mailferry.handleSource;
exports.index = mailferry.index;
exports.init = mailferry.init;
exports.inspect = mailferry.inspect;
exports.list = mailferry.list;
exports.open = mailferry.open;
exports.options = mailferry.options;
exports.plan = mailferry.plan;
exports.reportPage = mailferry.reportPage;
exports.targets = mailferry.targets;
exports.verify = mailferry.verify;
exports.version = mailferry.version;
exports.webStreamSink = mailferry.webStreamSink;
