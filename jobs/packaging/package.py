# Spack recipe. Copy it to packages/widelimit/package.py of a repository of your own (`spack repo create`, `spack repo
# add`), then, in the project's folder: `spack dev-build widelimit@main`.
from spack.package import *


class Widelimit(CMakePackage):
    """Exact uncertainty of infinitely wide neural networks, in distributed memory: deep ensembles, random network
    distillation, its Bayesian form and the Bayesian posterior, by ScaLAPACK."""

    license("BSD-3-Clause")

    version("main")

    variant("shared", default=True, description="Build libwidelimit as a shared library")
    variant("tests", default=False, description="Build the tests")

    depends_on("c", type="build")
    depends_on("cmake@3.21:", type="build")
    depends_on("pkgconfig", type="build")

    depends_on("mpi@3:")
    depends_on("scalapack")
    depends_on("openblas")
    depends_on("hdf5@1.10:+mpi")
    depends_on("gsl@2:")
    depends_on("jansson")
    depends_on("libyaml")
    depends_on("libzip")
    depends_on("sleef")
    depends_on("random123")
    depends_on("zlib-api")
    depends_on("nlopt")
    depends_on("nettle")
    depends_on("cmocka", when="+tests")

    def cmake_args(self):
        return [
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("WIDELIMIT_TESTS", "tests"),
            self.define("SCALAPACK_LIBRARY", self.spec["scalapack"].libs.joined(";")),
        ]
