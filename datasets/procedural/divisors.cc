#include "datasets/procedural/divisors.h"

#include <algorithm>
#include <numeric>

namespace cupel {
namespace {

using Word = uint64_t;
__extension__ using Wide = unsigned __int128;

Word MultiplyMod(Word a, Word b, Word n) { return static_cast<Word>(static_cast<Wide>(a) * b % n); }

Word PowerMod(Word base, Word exponent, Word n) {
  Word power = 1;
  for (; exponent > 0; exponent >>= 1U) {
    power = (exponent & 1U) != 0 ? MultiplyMod(power, base, n) : power;
    base = MultiplyMod(base, base, n);
  }
  return power;
}

// Miller and Rabin's test for odd n; these bases decide below 2^64 (Sorenson and Webster, arXiv 1509.00864).
bool IsPrime(Word n) {
  Word odd = n - 1;
  int twos = 0;
  for (; odd % 2 == 0; odd /= 2) {
    ++twos;
  }
  for (const Word base : {2U, 3U, 5U, 7U, 11U, 13U, 17U, 19U, 23U, 29U, 31U, 37U}) {
    Word power = PowerMod(base, odd, n);
    bool is_witness = power != 1 && power != n - 1 && base % n != 0;
    for (int i = 1; i < twos && is_witness; ++i) {
      power = MultiplyMod(power, power, n);
      is_witness = power != n - 1;
    }
    if (is_witness) {
      return false;
    }
  }
  return true;
}

// A divisor of an odd composite n other than 1 and n: Pollard's rho with Floyd's cycle, and another polynomial where one finds nothing.
Word ProperDivisor(Word n) {
  for (Word shift = 1;; ++shift) {
    const auto next = [&](Word x) { return static_cast<Word>((static_cast<Wide>(x) * x + shift) % n); };
    Word slow = 2, fast = 2, divisor = 1;
    while (divisor == 1) {
      slow = next(slow);
      fast = next(next(fast));
      divisor = std::gcd(slow > fast ? slow - fast : fast - slow, n);
    }
    if (divisor != n) {
      return divisor;
    }
  }
}

void AppendPrimes(Word n, std::vector<Word>& primes) {
  if (n == 1) {
    return;
  }
  if (IsPrime(n)) {
    primes.push_back(n);
    return;
  }
  const Word divisor = ProperDivisor(n);
  AppendPrimes(divisor, primes);
  AppendPrimes(n / divisor, primes);
}

// Prime factors, repeated ones as often as they divide.
std::vector<Word> PrimeFactors(Word n) {
  constexpr Word kTrialLimit = 1000;
  std::vector<Word> primes;
  for (Word p = 2; p < kTrialLimit; p += p == 2 ? 1 : 2) {
    for (; n % p == 0; n /= p) {
      primes.push_back(p);
    }
  }
  AppendPrimes(n, primes);
  std::ranges::sort(primes);
  return primes;
}

}  // namespace

std::vector<int64_t> DivisorsInPairs(int64_t n) {
  std::vector<Word> divisors = {1};
  const std::vector<Word> primes = PrimeFactors(static_cast<Word>(n));
  for (size_t i = 0, fresh = 0; i < primes.size(); ++i) {
    // A prime that repeats goes only with what the one before it has added.
    const size_t begin = i > 0 && primes[i] == primes[i - 1] ? fresh : 0;
    const size_t end = divisors.size();
    for (size_t j = begin; j < end; ++j) {
      divisors.push_back(divisors[j] * primes[i]);
    }
    fresh = end;
  }
  std::ranges::sort(divisors);
  std::vector<int64_t> pairs;
  for (const Word divisor : divisors) {
    const Word partner = static_cast<Word>(n) / divisor;
    if (divisor > partner) {
      break;
    }
    pairs.push_back(static_cast<int64_t>(divisor));
    if (divisor != partner) {
      pairs.push_back(static_cast<int64_t>(partner));
    }
  }
  return pairs;
}

}  // namespace cupel
