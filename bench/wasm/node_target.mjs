// The process in which Node is measured: does what targets.mjs asks for by messages.
import {Measurement} from './measurement.mjs';

const measurement = new Measurement();

process.on('message', async ({method, words}) => {
  try {
    process.send({result: await measurement[method](...words)});
  } catch (error) {
    process.send({error: error.message});
  }
});
