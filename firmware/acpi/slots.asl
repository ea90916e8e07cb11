// The pattern of the slots' SSDT. emu/board/slots_aml.cpp repeats the device and the If once a slot, with the slot's
// number in place of 0xAA: in the name (MPAA becomes MP00, MP01, ...) and in every byte constant 0xAA; and 0xBB once
// by the number of the last slot. Nothing else here may have these values.
DefinitionBlock ("", "SSDT", 2, "PAEMU ", "PAEMUMEM", 1)
{
    External (\_SB.MHPC, DeviceObj)
    External (\_SB.MHPC.STAT, MethodObj)
    External (\_SB.MHPC.RSRC, MethodObj)
    External (\_SB.MHPC.PROX, MethodObj)
    External (\_SB.MHPC.OSTR, MethodObj)
    External (\_SB.MHPC.EJEC, MethodObj)
    External (\_SB.MHPC.SCAN, MethodObj)

    // GPE 3, edge: abi::acpi::kGpeMemoryHotplug.
    Scope (\_GPE)
    {
        Method (_E03, 0, NotSerialized) { \_SB.MHPC.SCAN (0xBB) }
    }

    Scope (\_SB.MHPC)
    {
        Device (MPAA)
        {
            Name (_HID, EisaId ("PNP0C80"))
            Name (_UID, 0xAA)
            Method (_STA, 0, NotSerialized) { Return (STAT (0xAA)) }
            Method (_CRS, 0, NotSerialized) { Return (RSRC (0xAA)) }
            Method (_PXM, 0, NotSerialized) { Return (PROX (0xAA)) }
            Method (_OST, 3, NotSerialized) { OSTR (0xAA, Arg0, Arg1) }
            Method (_EJ0, 1, NotSerialized) { EJEC (0xAA) }
        }

        Method (MTFY, 2, NotSerialized)
        {
            If (LEqual (Arg0, 0xAA)) { Notify (MPAA, Arg1) }
        }
    }
}
