/* SPDX-License-Identifier: Apache-2.0
   A product in C: answers pictures one by one, adapts to them, keeps what it has learnt. Pictures
   are binary PPM files, which need no decoder; a camera's buffer goes to zoa_adapter_push_rgb() as
   it is.
     adapt_example_c vit.zoa vit.state frame1.ppm frame2.ppm ... */
#include <stdio.h>
#include <stdlib.h>

#include <zoa.h>

static int report(const char* what, zoa_status status) {
  fprintf(stderr, "error (%s): %s: %s\n", zoa_status_name(status), what, zoa_last_error());
  return 1;
}

/* The pixels of a PPM without comments, to be freed; NULL if it is none. */
static uint8_t* read_ppm(const char* path, size_t* width, size_t* height) {
  FILE* file = fopen(path, "rb");
  uint8_t* pixels = NULL;
  if (file == NULL) {
    return NULL;
  }
  if (fscanf(file, "P6 %zu %zu 255", width, height) == 2 && fgetc(file) != EOF && *width > 0 &&
      *width < 10000 && *height > 0 && *height < 10000) {
    const size_t size = *width * *height * 3;
    pixels = malloc(size);
    if (pixels != NULL && fread(pixels, 1, size, file) != size) {
      free(pixels);
      pixels = NULL;
    }
  }
  fclose(file);
  return pixels;
}

static int push(zoa_adapter* adapter, const zoa_model* model, const char* path) {
  size_t width = 0;
  size_t height = 0;
  zoa_prediction answer = {.struct_size = sizeof(answer)};
  uint8_t* pixels = read_ppm(path, &width, &height);
  if (pixels == NULL) {
    fprintf(stderr, "%s: left out, not a readable PPM\n", path);
    return 0;
  }
  const zoa_status status =
      zoa_adapter_push_rgb(adapter, pixels, width, height, width * 3, &answer);
  free(pixels);
  if (status != ZOA_OK) {
    return report(path, status);
  }
  const char* label = answer.top1 < 0 ? NULL : zoa_model_label(model, (size_t)answer.top1);
  if (label != NULL) {
    printf("%s %s %g\n", path, label, answer.confidence);
  } else {
    printf("%s %d %g\n", path, (int)answer.top1, answer.confidence);
  }
  return 0;
}

static int run(zoa_adapter* adapter, const zoa_model* model, int argc, char** argv) {
  const char* state = argv[2];
  const char* counters = NULL;
  FILE* saved = fopen(state, "rb");
  if (saved != NULL) {
    fclose(saved);
    const zoa_status restored = zoa_adapter_restore(adapter, state, NULL);
    if (restored != ZOA_OK) {
      return report("restore", restored);
    }
  }
  for (int i = 3; i < argc; ++i) {
    if (push(adapter, model, argv[i]) != 0) {
      return 1;
    }
  }
  zoa_status status = zoa_adapter_save(adapter, state);
  if (status == ZOA_OK) {
    status = zoa_adapter_counters(adapter, &counters);
  }
  if (status != ZOA_OK) {
    return report("save", status);
  }
  printf("%s\n", counters);
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: adapt_example_c MODEL.zoa STATE FRAME.ppm...\n");
    return 2;
  }
  zoa_model* model = NULL;
  zoa_adapter* adapter = NULL;
  zoa_status status = zoa_model_load(argv[1], &model);
  if (status == ZOA_OK) {
    status = zoa_adapter_create(model, "{\"window\": 16}", &adapter);
  }
  const int failed =
      status == ZOA_OK ? run(adapter, model, argc, argv) : report("start", status);
  zoa_adapter_free(adapter);
  zoa_model_free(model);
  return failed;
}
