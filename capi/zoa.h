/* SPDX-License-Identifier: Apache-2.0
   zoa from C, and from whatever calls C. Every function that can fail returns a zoa_status and
   leaves its results alone unless that is ZOA_OK; zoa_last_error() then says what was wrong, in one
   line. Null handles and null pointers are ZOA_INVALID_ARGUMENT. Nothing throws, prints or ends the
   process. Texts are UTF-8 and end with a zero byte. A model may be used from several threads, an
   adapter from one at a time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The error codes of the library; the numbers are part of the ABI. */
typedef enum zoa_status {
  ZOA_OK = 0,
  ZOA_INVALID_ARGUMENT = 1,  /**< a call or an option is wrong */
  ZOA_BAD_FILE = 2,          /**< a file is damaged or not what its name says */
  ZOA_UNSUPPORTED_MODEL = 3, /**< sound, but not a network that zoa handles */
  ZOA_STATE_MISMATCH = 4,    /**< a state that belongs to another model or method */
  ZOA_LIMIT_EXCEEDED = 5,    /**< a file passes a limit of its reader */
  ZOA_IO = 6,                /**< the operating system refused */
  ZOA_INTERNAL = 7           /**< a bug of ours, or no memory */
} zoa_status;

typedef struct zoa_model zoa_model;
typedef struct zoa_adapter zoa_adapter;

/** What a frame brought. Set struct_size to sizeof(zoa_prediction) before the call: a library that
    knows more fields than the caller leaves those out. */
typedef struct zoa_prediction {
  size_t struct_size;
  uint64_t frame;    /**< its number in the stream, from 1 */
  double confidence; /**< probability of top1; 0 where top1 is -1 */
  double entropy;    /**< nats */
  double loss;       /**< nats per frame of the window that ended; 0 without one */
  const char* skip;  /**< why the frame is not learnt from, a constant; NULL if it is */
  const char* guard; /**< state of the guards and what they found, e.g. "hold: one_class"; valid
                        until the adapter's next call; NULL without guards */
  int32_t top1;      /**< class index; -1 where the answer is not finite */
  int32_t learnt;    /**< since the last call a window ended: 1 without, 2 with an update; else 0 */
  int32_t plain;     /**< 1: under guard, the network as shipped answered; else 0 */
} zoa_prediction;

/** "MAJOR.MINOR.PATCH" of the library that runs. */
const char* zoa_version(void);
/** Name of a status, e.g. "bad_file"; "unknown" for other numbers. */
const char* zoa_status_name(int status);
/** What the last failed call of this thread was about; "" before the first. Valid until the next
    failure in the thread. */
const char* zoa_last_error(void);

/** Loads a model folder, as 'zoa quantize' makes one. */
zoa_status zoa_model_load(const char* folder, zoa_model** model);
/** Adapters made from it live on. NULL is allowed. */
void zoa_model_free(zoa_model* model);
/** Classes that it tells apart; 0 for NULL. */
size_t zoa_model_classes(const zoa_model* model);
/** Name of a class; NULL where the model has none. Valid as long as the model. */
const char* zoa_model_label(const zoa_model* model, size_t index);
/** Size of the network's input, for zoa_adapter_push_values. */
zoa_status zoa_model_input(const zoa_model* model, size_t* channels, size_t* height, size_t* width);

/** An adapter for one stream.
    options  a JSON object, e.g. {"window": 32, "seed": 1, "lr": 1e-4}; NULL = all as published. The
             names: docs/guide/c.md; an unknown one is an error that lists the known ones */
zoa_status zoa_adapter_create(const zoa_model* model, const char* options, zoa_adapter** adapter);
/** NULL is allowed. What was learnt and not saved is lost. */
void zoa_adapter_free(zoa_adapter* adapter);

/** Answers one picture of any size, preprocessed as the model says.
    pixels  8-bit RGB, height rows of width * 3 bytes, the first one on top
    stride  bytes from a row to the next one, at least width * 3
    Fails with ZOA_INVALID_ARGUMENT for sizes that do not fit; the stream is then as before. */
zoa_status zoa_adapter_push_rgb(zoa_adapter* adapter,
                                const uint8_t* pixels,
                                size_t width,
                                size_t height,
                                size_t stride,
                                zoa_prediction* prediction);

/** The same for an image that is already preprocessed: channels * height * width values. */
zoa_status zoa_adapter_push_values(zoa_adapter* adapter,
                                   const float* values,
                                   size_t count,
                                   zoa_prediction* prediction);

/** The logits of the last frame. Fails with ZOA_INVALID_ARGUMENT before the first one.
    count  room in logits, at least zoa_model_classes() */
zoa_status zoa_adapter_logits(const zoa_adapter* adapter, float* logits, size_t count);

/** Work that waits, for at most so many milliseconds (negative: all).
    done  1 if none is left, else 0; may be NULL */
zoa_status zoa_adapter_step(zoa_adapter* adapter, double milliseconds, int* done);
/** frozen != 0: answers go on, nothing is learnt. */
zoa_status zoa_adapter_freeze(zoa_adapter* adapter, int frozen);
/** The network as shipped; counters go on. */
zoa_status zoa_adapter_reset(zoa_adapter* adapter);

/** Writes all that a later adapter needs to go on bit for bit. Atomic; the file before is kept as
    PATH.previous. */
zoa_status zoa_adapter_save(zoa_adapter* adapter, const char* path);
/** Reads it, or PATH.previous where the file is missing or damaged. On failure nothing is changed.
    previous  1 if PATH.previous was read, else 0; may be NULL. zoa_last_error() says why */
zoa_status zoa_adapter_restore(zoa_adapter* adapter, const char* path, int* previous);

/** The counters as a JSON object, e.g. {"frames": 12, ...}. Valid until the next call for this
    adapter. */
zoa_status zoa_adapter_counters(zoa_adapter* adapter, const char** json);

#ifdef __cplusplus
}
#endif
