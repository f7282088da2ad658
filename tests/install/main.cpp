// A network of one layer, through the public header alone: what comes out of the installed library
// must be what the layer's formula says.
#include <octet/octet.h>

#include <cstdio>

int main() {
  octet::Network network(std::make_shared<octet::ParameterStore>(/*seed=*/1));
  const octet::VariableRef x = network.input("x", {1, 3});
  const octet::VariableRef y = octet::F::relu(x);
  x.d() = at::tensor({-1.0F, 0.0F, 2.0F}).view({1, 3});
  y.forward();
  const bool right = at::equal(y.d(), at::tensor({0.0F, 0.0F, 2.0F}).view({1, 3}));
  std::printf("octet %s, relu %s\n", OCTET_VERSION, right ? "right" : "wrong");
  return right ? 0 : 1;
}
