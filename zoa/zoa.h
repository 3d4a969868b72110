// SPDX-License-Identifier: Apache-2.0
// The public interface of the library: a header is public if and only if it is listed here. None of
// them names a type of OpenVINO or of another dependency.
#pragma once

#include "zoa/adapt/adapter.h"
#include "zoa/adapt/adapter_texts.h"
#include "zoa/adapt/snapshot.h"
#include "zoa/core/error.h"
#include "zoa/core/forward.h"
#include "zoa/core/options.h"
#include "zoa/core/version.h"
#include "zoa/corrupt/corrupt.h"
#include "zoa/data/dataset.h"
#include "zoa/data/memory.h"
#include "zoa/data/severity.h"
#include "zoa/data/shifts.h"
#include "zoa/data/stream.h"
#include "zoa/engine/engine.h"
#include "zoa/engine/inspect.h"
#include "zoa/eval/run.h"
#include "zoa/eval/table.h"
#include "zoa/image/decode.h"
#include "zoa/image/preprocess.h"
#include "zoa/image/view.h"
#include "zoa/methods/method.h"
#include "zoa/model/labels.h"
#include "zoa/model/model.h"
#include "zoa/quantize/quantize.h"
