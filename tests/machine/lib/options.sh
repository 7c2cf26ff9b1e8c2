# The options that `run` and `shell` share.
# shellcheck shell=bash

options_help() {
    cat <<'END'
options:
  --no-iommu         a machine without an IOMMU
  --iommu MODEL      intel (the usual one), intel-no-remap (it does not remap interrupts), virtio
  --stock[=X.Y]      Debian's own kernel, or its newest of the series X.Y, such as 6.12: without iommufd and noiommu
  --cold             without the drivers of the devices: udev, or who else, is to load them
  --memory SIZE      memory of the machine (1G)
  --cpus N           its processors (1)
  --timeout SECONDS  end the machine after this time (run: 600, shell: never)
  --boot-timeout SECONDS
                     give the machine up if it has not started after this time (300)
  --results DIR      a directory of the host that is writable inside, at $MACHINE_RESULTS (the same path)
  --env NAME=VALUE   an environment variable for inside; may be repeated
  --append ARGS      more arguments for the kernel
  --device ARGS      one more QEMU -device; may be repeated
  --keep             keep the work directory with the kernel's log, and say where it is
  --help             this
END
}

parse_options() {
    iommu=intel kernel=chosen series='' memory=1G cpus=1 timeout=600 boot_timeout=300 cold='' results='' append='' keep='' environment=() extra_devices=()
    [ -z "$interactive" ] || timeout=0
    while [ $# -gt 0 ]; do
        case $1 in
            --iommu | --memory | --cpus | --timeout | --boot-timeout | --results | --env | --append | --device)
                [ $# -ge 2 ] || wrong_usage "$1 wants a value"
                ;;
        esac
        case $1 in
            --no-iommu) iommu=no ;;
            --iommu) iommu=$2; shift ;;
            --cold) cold=yes ;;
            --stock) kernel=stock series='' ;;
            --stock=*)
                kernel=stock series=${1#*=}
                [[ $series =~ ^[0-9]+\.[0-9]+$ ]] || wrong_usage "--stock= wants a series of kernels such as 6.12, not '$series'"
                ;;
            --memory) memory=$2; shift ;;
            --cpus) cpus=$2; shift ;;
            --timeout) timeout=$2; shift ;;
            --boot-timeout) boot_timeout=$2; shift ;;
            --results) results=$2; shift ;;
            --env) environment+=("$2"); shift ;;
            --append) append+=" $2"; shift ;;
            --device) extra_devices+=("$2"); shift ;;
            --keep) keep=yes ;;
            --help | -h) usage; exit 0 ;;
            --) shift; break ;;
            -*) wrong_usage "unknown option $1" ;;
            *) break ;;
        esac
        shift
    done
    command=("$@")
    case $iommu in
        no | intel | intel-no-remap | virtio) ;;
        *) wrong_usage "--iommu wants intel, intel-no-remap or virtio, not '$iommu'" ;;
    esac
    [[ $timeout =~ ^[0-9]+$ ]] || wrong_usage "--timeout wants whole seconds, not '$timeout'"
    [[ $boot_timeout =~ ^[1-9][0-9]*$ ]] || wrong_usage "--boot-timeout wants whole seconds, not '$boot_timeout'"
    [[ $cpus =~ ^[1-9][0-9]*$ ]] || wrong_usage "--cpus wants a number, not '$cpus'"
    [[ $memory =~ ^[1-9][0-9]*[MG]$ ]] || wrong_usage "--memory wants a size such as 512M or 2G, not '$memory'"
    local pair
    for pair in ${environment[@]+"${environment[@]}"}; do
        [[ $pair =~ ^[A-Za-z_][A-Za-z0-9_]*= ]] || wrong_usage "--env wants NAME=VALUE, not '$pair'"
    done
    if [ -n "$results" ]; then
        [ -d "$results" ] || wrong_usage "--results: $results is not a directory"
        results=$(realpath "$results")
    fi
}

wrong_usage() {
    printf 'machine: %s\n' "$1" >&2
    usage >&2
    exit 125
}
