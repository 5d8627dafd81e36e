// Globals of Node that the SSH library expects; esbuild puts them where it names them.
import { Buffer } from 'buffer';

const process = { env: {}, versions: {}, platform: 'browser' };
export { Buffer, process };
