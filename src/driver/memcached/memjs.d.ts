/** The part of memjs that is used: its codec of the binary protocol. Its client and its pool are not, see sasl-driver.ts. */
declare module 'memjs' {
  export const Utils: {
    makeRequestBuffer(
      opcode: number,
      key: string | Buffer,
      extras: string | Buffer,
      value: string | Buffer,
      opaque: number,
    ): Buffer;
    makeExpiration(seconds: number): Buffer;
  };
  export const Header: {
    fromBuffer(bytes: Buffer): {
      readonly magic: number;
      readonly opcode: number;
      readonly keyLength: number;
      readonly extrasLength: number;
      readonly status: number;
      readonly totalBodyLength: number;
      readonly opaque: number;
    };
  };
}
