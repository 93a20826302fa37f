"""What kinds of product there are, by the names that identification gives them.

Not every name stands in a fingerprint of ours: some come from second opinions (recog, Nmap), and those write a product
as its CPE does.
"""

from __future__ import annotations

from scanner.assess.exposures.rule import Host, Service

_APPLIANCES = frozenset(
    {
        # Hypervisors
        "esxi", "esx", "proxmox_ve", "proxmox", "virtual_environment", "xenserver", "nutanix_aos",
        # Network devices
        "routeros", "fortios", "sonicos", "pan-os", "ios", "ios_xe", "nx-os", "junos", "arubaos", "procurve",
        "adaptive_security_appliance_software", "edgeos", "edgerouter_firmware", "pfsense", "opnsense", "openwrt",
        "dd-wrt", "vyos", "airos", "unifi_os", "unifi_firmware", "sfos", "fireware", "gaia_os", "drayos", "comware",
        "lcos", "vrp", "zynos", "screenos", "rg-os", "big-ip", "fortimanager", "wireless_lan_controller_software",
        "fritz!_os",
        # Baseboard management and power
        "integrated_lights-out", "integrated_lights_out_manager_firmware", "irmc_firmware", "xclarity_controller",
        "imm2", "supermicro_ipmi", "megarac", "network_management_card", "pdu",
    }
)  # fmt: skip
"""What the whole host is: nobody but an administrator has any business with it."""
_APPLIANCES_BEGIN = ("idrac", "integrated_dell_remote_access_controller", "integrated_lights-out")
_CONSOLES = frozenset(
    {
        "vcenter_server", "vcenter", "xen_orchestra", "cockpit", "webmin", "unifi_network_application", "unifi",
        "omada_controller", "openmanage_enterprise", "openmanage_server_administrator", "portainer", "rancher",
        "powerchute_business_edition", "powerchute_network_shutdown", "active_management_technology_firmware",
        "system_management_homepage", "luci",
    }
)  # fmt: skip
"""Programs for administrators, on a host that may do other things besides."""

_STORAGE = frozenset(
    {
        "synology_dsm", "diskstation_manager", "qts", "quts_hero", "truenas", "freenas", "readynas", "data_ontap",
        "openmediavault", "unraid",
    }
)  # fmt: skip
_BACKUP = frozenset(
    {
        "backup_and_replication", "backup_&_replication", "backup_\\&_replication", "backup_server", "cyber_protect",
        "cyber_backup", "backup_exec", "netbackup", "networker", "amanda", "active_backup_for_business",
        "proxmox_backup_server", "backuppc", "arcserve", "burp",
    }
)  # fmt: skip
_BACKUP_BEGINS = ("veeam", "acronis", "bacula", "bareos", "nakivo", "commvault", "urbackup")


def appliance(host: Host) -> bool:
    """Whether a product says that the host is a hypervisor, a network device or a management controller."""
    return any(map(of_appliance, host.services))


def of_appliance(service: Service) -> bool:
    """Whether a product of this service does."""
    return any(
        each.name in _APPLIANCES or each.name.startswith(_APPLIANCES_BEGIN)
        for each in service.products
        if each.vendor != "apple"  # iOS is two systems
    )


def console(service: Service) -> bool:
    """Whether this very service is a program's for administrators."""
    return any(each.name in _CONSOLES for each in service.products)


def storage(host: Host) -> bool:
    """Whether a product says that the host is a network storage."""
    return any(map(of_storage, host.services))


def of_storage(service: Service) -> bool:
    """Whether a product of this service does."""
    return any(each.name in _STORAGE for each in service.products)


def backup(service: Service) -> bool:
    """Whether this very service is a backup system's."""
    return any(each.name in _BACKUP or each.name.startswith(_BACKUP_BEGINS) for each in service.products)
