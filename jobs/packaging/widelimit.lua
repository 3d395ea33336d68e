-- Modulefile for Lmod. Copy it to modulefiles/widelimit/VERSION.lua and set `base` to where `cmake --install` put the
-- program; name the modules that it was built with.
help([[Exact uncertainty of infinitely wide neural networks, in distributed memory.

    srun widelimit run mine.yaml
    man widelimit
]])
whatis("Name: widelimit")
whatis("Description: exact uncertainty of infinitely wide neural networks, by ScaLAPACK")

local base = pathJoin("/opt", "widelimit", myModuleVersion())

depends_on("openmpi", "openblas", "scalapack", "hdf5")

prepend_path("PATH", pathJoin(base, "bin"))
prepend_path("LD_LIBRARY_PATH", pathJoin(base, "lib"))
prepend_path("MANPATH", pathJoin(base, "share", "man"))
prepend_path("CMAKE_PREFIX_PATH", base)
prepend_path("PKG_CONFIG_PATH", pathJoin(base, "lib", "pkgconfig"))
setenv("OPENBLAS_NUM_THREADS", "1")
