// Stands for modules that a browser never calls.
module.exports = {};
