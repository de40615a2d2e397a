/** ES2024, present from Node 20 on; the ES2023 library of the compiler leaves it out. */
interface String {
  isWellFormed(): boolean;
}
