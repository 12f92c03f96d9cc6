#!/bin/sh
# No symbol of a path file may be shared with other files: the linker keeps one copy of an inline function, and if that copy came from a file compiled for
# AVX-512, the whole program would need AVX-512. Usage: shared_code_test.sh NM LIBRARY
symbols=$("$1" -C -o "$2" | grep 'avx[^:/]*\.o:') || exit 1
for path in avx2 avx512 avx512bf16; do
  echo "$symbols" | grep -q "kernels::$path::kTable" || { echo "no symbols of $path found in $2"; exit 1; }
done
for path in int8_avx2 avx512vnni; do
  echo "$symbols" | grep -q "kernels::$path::kInt8Table" || { echo "no int8 symbols of $path found in $2"; exit 1; }
done
if echo "$symbols" | grep ' [VWu] '; then
  echo "the symbols above are shared between files; the kernels may call no inline function of another header"
  exit 1
fi
