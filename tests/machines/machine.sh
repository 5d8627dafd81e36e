# What is known of each machine; to be sourced with $machine set. tests/run.sh runs all of $machines.
machines='arm64 armhf i386 s390x'

# The name of its libraries' folder, its compiler, its name to CMake, its dynamic loader.
case $machine in
arm64) triplet=aarch64-linux-gnu compiler=aarch64-linux-gnu-gcc processor=aarch64 loader=ld-linux-aarch64.so.1 ;;
armhf) triplet=arm-linux-gnueabihf compiler=arm-linux-gnueabihf-gcc processor=armv7l loader=ld-linux-armhf.so.3 ;;
i386) triplet=i386-linux-gnu compiler=i686-linux-gnu-gcc processor=i686 loader=ld-linux.so.2 ;;
s390x) triplet=s390x-linux-gnu compiler=s390x-linux-gnu-gcc processor=s390x loader=ld64.so.1 ;;
*) echo "no machine is called '$machine': it is one of $machines" >&2; exit 2 ;;
esac
