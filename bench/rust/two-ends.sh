#!/bin/sh
# Runs a command at the seeder's end of a cable whose other end is the updater's: two machines, nothing else in the world.
# Started by `unshare --net --mount --pid --fork --kill-child`, so that all of it is gone when the command ends.
set -eu
folder=$1
shift
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
ip netns add updater
# One packet at a time, as on a wire: the kernel would hand over up to 64 KiB as one and count one header for all.
ip link add pp0 gso_max_segs 1 type veth peer name pp1
ip link set pp1 gso_max_segs 1 netns updater
ip link set lo up
for last in 1 2 3 11 12 13 14 15 16 17 18; do ip address add "10.77.0.$last/24" dev pp0; done
ip link set pp0 up
# A machine without a default route counts as offline for iroh; these lead to nobody.
ip route add default via 10.77.0.254 dev pp0
at_updater="nsenter --net=/run/netns/updater"
$at_updater ip link set lo up
$at_updater ip address add 10.77.0.4/24 dev pp1
$at_updater ip link set pp1 up
$at_updater ip route add default via 10.77.0.254 dev pp1
mount --bind "$folder/hosts" /etc/hosts
mount --bind "$folder/resolv.conf" /etc/resolv.conf
exec "$@"
