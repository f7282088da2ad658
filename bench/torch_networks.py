"""The networks of bench/compare in plain torch.nn: MobileNetV1 (Howard et al. 2017, table 1) and
ResNet-18 and ResNet-50 (He et al. 2015, table 1, with the stride in the 3x3 convolution), layer for
layer what Octet's model zoo builds for large images. Input (N, 3, H, W), output (N, classes)."""

import torch
from torch import nn

MOBILENET_BLOCKS = [  # channels, stride
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
    (512, 1), (512, 1), (1024, 2), (1024, 1)]
RESNETS = {"resnet18": (False, [2, 2, 2, 2]), "resnet50": (True, [3, 4, 6, 3])}
MODELS = ["mobilenet_v1", *RESNETS]


def conv_bn(inmaps, outmaps, kernel, stride=1, groups=1):
    return [nn.Conv2d(inmaps, outmaps, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outmaps)]


def conv_bn_relu(inmaps, outmaps, kernel, stride=1, groups=1):
    return [*conv_bn(inmaps, outmaps, kernel, stride, groups), nn.ReLU()]


def classifier(inmaps, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inmaps, classes)]


class Residual(nn.Module):
    def __init__(self, inmaps, planes, stride, bottleneck):
        super().__init__()
        self.outmaps = 4 * planes if bottleneck else planes
        if bottleneck:
            layers = [*conv_bn_relu(inmaps, planes, 1), *conv_bn_relu(planes, planes, 3, stride),
                      *conv_bn(planes, self.outmaps, 1)]
        else:
            layers = [*conv_bn_relu(inmaps, planes, 3, stride), *conv_bn(planes, planes, 3)]
        self.branch = nn.Sequential(*layers)
        same = stride == 1 and inmaps == self.outmaps
        self.shortcut = nn.Sequential() if same else nn.Sequential(
            *conv_bn(inmaps, self.outmaps, 1, stride))
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.branch(x) + self.shortcut(x))


def mobilenet_v1(classes):
    layers = conv_bn_relu(3, 32, 3, 2)
    inmaps = 32
    for outmaps, stride in MOBILENET_BLOCKS:
        layers += conv_bn_relu(inmaps, inmaps, 3, stride, groups=inmaps)
        layers += conv_bn_relu(inmaps, outmaps, 1)
        inmaps = outmaps
    return nn.Sequential(*layers, *classifier(inmaps, classes))


def resnet(name, classes):
    bottleneck, blocks = RESNETS[name]
    layers = [*conv_bn_relu(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)]
    inmaps = 64
    for stage, count in enumerate(blocks):
        for i in range(count):
            stride = 2 if i == 0 and stage > 0 else 1
            layers.append(Residual(inmaps, 64 << stage, stride, bottleneck))
            inmaps = layers[-1].outmaps
    return nn.Sequential(*layers, *classifier(inmaps, classes))


def build(name, classes):
    torch.manual_seed(0)
    return mobilenet_v1(classes) if name == "mobilenet_v1" else resnet(name, classes)
