#!/bin/bash
#
# init.sh TARGET USER: the first process of the machine that in-root.sh starts. Makes of the root what it is in a
# running Debian, runs README.md's command, and turns the machine off.

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs -o mode=755 devtmpfs /dev
mkdir /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
ln -s /proc/self/fd /dev/fd
stty -onlcr </dev/console
hostname debian
printf '127.0.0.1 localhost debian\n::1 localhost\n' >/etc/hosts

# The addresses are those that qemu gives to a machine and its name server.
depmod && modprobe -a virtio_pci virtio_net
ip link set lo up
ip address add 10.0.2.15/24 dev eth0 && ip link set eth0 up && ip route add default via 10.0.2.2
echo 'nameserver 10.0.2.3' >/etc/resolv.conf

"${0%/*}/readme.sh" "$@" </dev/null
sync
echo o >/proc/sysrq-trigger
exec tail -f /dev/null # the first process must not end
