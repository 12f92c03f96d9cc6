#pragma once

// The math verifier for programs in other languages: plain C, no exception, any number of threads, no state between calls. Built as
// libcupel_math.so by `ninja cupel_math_shared`; docs/verifiers.md has an example through Python's ctypes.

#include <stddef.h>  // NOLINT: C
#include <stdint.h>  // NOLINT: C

#ifdef __cplusplus
extern "C" {
#endif

enum {
  CUPEL_MATH_CORRECT = 0,
  CUPEL_MATH_INCORRECT = 1,
  CUPEL_MATH_NO_ANSWER = 2,
  CUPEL_MATH_UNDECIDED = 3,  // do not score
  CUPEL_MATH_ERROR = 4       // do not score
};

typedef struct cupel_math_verdict {
  int32_t outcome;
  int32_t score;       // 1 for correct, 0 for incorrect and no answer, -1 for what must not be scored
  int64_t span_begin;  // bytes of the answer in the completion; 0, 0 when there is none
  int64_t span_end;
  int64_t cost;      // steps of work, the same on every machine
  char rule[32];     // zero-terminated UTF-8, cut to fit
  char reason[512];  // one line for a person
} cupel_math_verdict;

// Compares two answers without text around them. Texts are bytes with their lengths. `options` is a zero-terminated JSON object as in
// docs/verifiers.md, or null. Returns the outcome; `verdict` may be null.
int32_t cupel_math_compare(const char* gold, size_t gold_size, const char* answer, size_t answer_size, const char* options,
                           cupel_math_verdict* verdict);

// Finds the final answer in a model's text first (\boxed{}, <answer>, ####, "the answer is").
int32_t cupel_math_verify(const char* gold, size_t gold_size, const char* completion, size_t completion_size, const char* options,
                          cupel_math_verdict* verdict);

#ifdef __cplusplus
}
#endif
