#!/bin/busybox sh
# The first process of the virtual machine: load drivers, lay the host's files under /host, run the command, power off.
# `/modules/order` names the drivers to load, one a line; `/command` is what to run. Both are written by machine.py.
PATH=/bin
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev

while read -r module parameters; do
    # Unquoted on purpose: a driver takes its parameters as words.
    # shellcheck disable=SC2086
    insmod "/modules/$module.ko" $parameters || echo "init: $module does not load"
done </modules/order

# The largest message the kernel takes, and no questions to the host about files that cannot change.
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 host /host || echo "init: no host"
for place in proc sys dev; do
    mount --bind "/$place" "/host/$place"
done
# The host is read-only: this is the one place that can be written.
mkdir -p /dev/shm
mount -t tmpfs -o mode=1777 none /dev/shm

# Nobody may be left on the host to end a machine that hangs.
(sleep 280 && poweroff -f) &

echo "init: running the command"
eval "set -- $(cat /command)"
env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME=/dev/shm TMPDIR=/dev/shm PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    chroot /host "$@"
echo "init: the command ended with $?"
poweroff -f
