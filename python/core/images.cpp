// SPDX-License-Identifier: Apache-2.0
// zoa.corrupt and the names of the corruptions.
#include <optional>
#include <string>
#include <vector>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "zoa/core/error.h"
#include "zoa/corrupt/corrupt.h"

#include "python/core/bindings.h"

namespace zoa::python {
namespace {

using Picture = nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<3>>;

Picture to_numpy(Image image) {
  auto* kept = new Image(std::move(image));
  const nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<Image*>(p); });
  const std::size_t shape[] = {static_cast<std::size_t>(kept->height),
                               static_cast<std::size_t>(kept->width), 3};
  return Picture(kept->rgb.data(), 3, shape, owner);
}

Profile parse_profile(const std::optional<std::string>& name, const Image& image) {
  if (!name) {
    return choose_profile(image);
  }
  if (*name != "imagenet" && *name != "cifar") {
    fail(ErrorCode::InvalidArgument, "profile '", *name, "' is not imagenet or cifar");
  }
  return *name == "cifar" ? Profile::Cifar : Profile::ImageNet;
}

Picture corrupt_picture(const Array& image,
                        const std::string& name,
                        int severity,
                        std::uint64_t seed,
                        const std::optional<std::string>& profile) {
  Image picture;
  copy_image(view_picture(image), picture);
  {
    const nb::gil_scoped_release released;
    picture = corrupt(picture, name, severity, parse_profile(profile, picture), seed);
  }
  return to_numpy(std::move(picture));
}

}  // namespace

void bind_images(nb::module_& module) {
  module.def("corrupt", corrupt_picture, nb::arg("image").noconvert(), nb::arg("name"),
             nb::arg("severity"), nb::kw_only(), nb::arg("seed") = 0,
             nb::arg("profile") = nb::none(),
             "One corrupted copy of a uint8 (height, width, 3) picture, severity 1 to 5. The same\n"
             "arguments give the same bytes. profile: 'imagenet' or 'cifar'; None = by the size.");
  module.def(
      "corruptions",
      [] {
        std::vector<std::string> names;
        for (const CorruptionInfo& info : list_corruptions()) {
          names.push_back(info.name);
        }
        return names;
      },
      "Names that corrupt() knows: the usual 15, then the four validation ones.");
}

}  // namespace zoa::python
