// Everything that a program which uses Octet needs: one include.
//
//   networks      Network, VariableRef, ParameterStore, F:: (operations), PF:: (layers), PlanEngine
//   models        models::mobilenet_v1, models::resnet18, ...
//   data          open_dataset, DataLoader, training_augmentation, validation_augmentation
//   training      Sgd, Momentum, Nesterov, Adam, AdamW, RMSprop, Lars, schedules, metrics, Progress
//   quantization  QATConfig and its presets, QATScheduler
//   files         read_nnp, write_nnp, read_onnx, write_onnx, read_npy, write_npy
//   errors        Error, FileError, InternalError
#pragma once

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/npy/npy.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/graph/functions.h"
#include "octet/graph/network.h"
#include "octet/graph/parametric_functions.h"
#include "octet/graph/text.h"
#include "octet/models/zoo.h"
#include "octet/plan/plan_engine.h"
#include "octet/qat/qat_config.h"
#include "octet/qat/qat_scheduler.h"
#include "octet/train/adam.h"
#include "octet/train/adamw.h"
#include "octet/train/data_loader.h"
#include "octet/train/evaluation.h"
#include "octet/train/lars.h"
#include "octet/train/learning_rate_schedule.h"
#include "octet/train/metrics.h"
#include "octet/train/momentum.h"
#include "octet/train/nesterov.h"
#include "octet/train/network_pair.h"
#include "octet/train/open_dataset.h"
#include "octet/train/progress.h"
#include "octet/train/rmsprop.h"
#include "octet/train/sgd.h"
#include "octet/train/solver_factory.h"
#include "octet/train/stop_signals.h"
#include "octet/train/trainer.h"
