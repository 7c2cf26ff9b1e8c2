/*
 * The same calls as samples/ReadBar0, in C: opens a device through its group, and prints the first dword of its first
 * implemented BAR, mapped ("mapped 0x…", or "mapped -" where the kernel allows no mapping) and through the file descriptor
 * ("fd 0x…"). With --hold it then keeps the device open until its standard input ends; with --map it keeps a mapping of the
 * BAR instead, and no descriptor.
 *
 *   readbar0 0000:00:14.3 12 [--hold|--map]
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int check(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "readbar0: %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return result;
}

static uint32_t read_mapped(int device, const struct vfio_region_info *bar, int keep)
{
	volatile uint32_t *memory = mmap(NULL, bar->size, PROT_READ | PROT_WRITE, MAP_SHARED, device, bar->offset);

	if (memory == MAP_FAILED)
		check(-1, "mmap");
	uint32_t value = *memory;
	if (!keep)
		munmap((void *)memory, bar->size);
	return value;
}

int main(int argc, char **argv)
{
	char path[64];
	struct vfio_group_status status = { .argsz = sizeof(status) };

	if (argc < 3) {
		fprintf(stderr, "usage: readbar0 ADDRESS GROUP [--hold|--map]\n");
		return 2;
	}
	int map = argc > 3 && strcmp(argv[3], "--map") == 0;

	snprintf(path, sizeof(path), "/dev/vfio/%s", argv[2]);
	int container = check(open("/dev/vfio/vfio", O_RDWR), "/dev/vfio/vfio");
	int group = check(open(path, O_RDWR), path);

	check(ioctl(group, VFIO_GROUP_GET_STATUS, &status), "VFIO_GROUP_GET_STATUS");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE)) {
		fprintf(stderr, "readbar0: group %s is not viable\n", argv[2]);
		return 1;
	}
	check(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), "VFIO_GROUP_SET_CONTAINER");
	check(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "VFIO_SET_IOMMU");
	int device = check(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[1]), "VFIO_GROUP_GET_DEVICE_FD");

	for (unsigned int index = VFIO_PCI_BAR0_REGION_INDEX; index <= VFIO_PCI_BAR5_REGION_INDEX; index++) {
		struct vfio_region_info bar = { .argsz = sizeof(bar), .index = index };
		uint32_t value;

		check(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar), "VFIO_DEVICE_GET_REGION_INFO");
		if (bar.size == 0)
			continue;
		printf("bar %u\n", index);
		if (bar.flags & VFIO_REGION_INFO_FLAG_MMAP)
			printf("mapped 0x%08x\n", read_mapped(device, &bar, map));
		else
			printf("mapped -\n");
		check(pread(device, &value, sizeof(value), bar.offset) == sizeof(value) ? 0 : -1, "pread");
		printf("fd 0x%08x\n", value);
		break;
	}

	if (map) {
		close(device);
		close(group);
		close(container);
		printf("mapped only\n");
	}
	fflush(stdout);
	if (map || (argc > 3 && strcmp(argv[3], "--hold") == 0))
		while (getchar() != EOF)
			;
	return 0;
}
