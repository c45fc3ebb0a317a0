/**
 * What program.mjs asks of Emscripten's file system: names that Closure Compiler is to keep.
 * @externs
 */
class TestedFileSystem {
  createDevice() {}
  readFile() {}
}
/** @record */
class ReadFileOptions {
  constructor() {
    this.encoding;
  }
}
