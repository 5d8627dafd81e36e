import '../lib/index.js';
