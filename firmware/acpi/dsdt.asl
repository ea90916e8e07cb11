// The part of the namespace that every machine has. What depends on the number of slots is in the SSDT, which
// emu/board/acpi_tables.cpp makes from slots.asl. Port numbers are those of abi/ports.hpp, written out because iasl
// can't read it; tests/unit/emu/board compares them.
DefinitionBlock ("", "DSDT", 2, "PAEMU ", "PAEMUDSD", 1)
{
    // Sleep type 0 means S5 in the PM1 control register (abi::acpi::kSleepTypeS5).
    Name (\_S5, Package () { 0, 0, 0, 0 })

    External (\_SB.MHPC.MTFY, MethodObj)

    Scope (\_SB)
    {
        // What no other device claims: the PM block, the GPE0 block, the PIC's edge/level control, reset and A20.
        Device (SYSR)
        {
            Name (_HID, EisaId ("PNP0C02"))
            Name (_UID, 1)
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0092, 0x0092, 0x01, 0x01)
                IO (Decode16, 0x04D0, 0x04D0, 0x01, 0x02)
                IO (Decode16, 0x0600, 0x0600, 0x01, 0x40)
                IO (Decode16, 0x0CF9, 0x0CF9, 0x01, 0x01)
                IO (Decode16, 0xAFE0, 0xAFE0, 0x01, 0x04)
            })
        }

        Device (PIC)
        {
            Name (_HID, EisaId ("PNP0000"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0020, 0x0020, 0x01, 0x02)
                IO (Decode16, 0x00A0, 0x00A0, 0x01, 0x02)
                IRQNoFlags () { 2 }
            })
        }

        Device (TIMR)
        {
            Name (_HID, EisaId ("PNP0100"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0040, 0x0040, 0x01, 0x04)
                IRQNoFlags () { 0 }
            })
        }

        Device (RTC)
        {
            Name (_HID, EisaId ("PNP0B00"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0070, 0x0070, 0x01, 0x02)
                IRQNoFlags () { 8 }
            })
        }

        Device (HPET)
        {
            Name (_HID, EisaId ("PNP0103"))
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadWrite, 0xFED00000, 0x00000400)
            })
        }

        Device (COM1)
        {
            Name (_HID, EisaId ("PNP0501"))
            Name (_UID, 1)
            Method (_STA, 0, NotSerialized) { Return (0x0F) }
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x03F8, 0x03F8, 0x00, 0x08)
                IRQNoFlags () { 4 }
            })
        }

        // The memory hotplug controller: one register block, a selector, all slots behind it
        // (abi/memory_hotplug.hpp; QEMU's docs/specs/acpi_mem_hotplug). Reads and writes see different registers,
        // hence two sets of fields over one region.
        Device (MHPC)
        {
            Name (_HID, EisaId ("PNP0A06"))
            Name (_UID, "Memory hotplug resources")
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0A00, 0x0A00, 0x00, 0x18)
            })

            OperationRegion (REGS, SystemIO, 0x0A00, 0x18)
            Field (REGS, DWordAcc, NoLock, Preserve)
            {
                RBSL, 32,   // base of the DIMM, low half
                RBSH, 32,   // high half
                RSZL, 32,   // size in bytes, low half
                RSZH, 32,   // high half
                RPXM, 32    // proximity domain
            }
            Field (REGS, ByteAcc, NoLock, WriteAsZeros)
            {
                Offset (0x14),
                ENAB, 1,    // read: a DIMM is there and powered
                INSE, 1,    // read: it was inserted; write one: seen
                RMVE, 1,    // read: its removal is asked for; write one: seen
                EJCT, 1     // write one: eject
            }
            Field (REGS, DWordAcc, NoLock, Preserve)
            {
                WSEL, 32,   // write: the slot that all other registers mean
                WEVT, 32,   // write: event of an _OST report
                WSTS, 32    // write: its status
            }

            Mutex (MLCK, 0)

            // _STA: present, enabled, shown, working; or nothing.
            Method (STAT, 1, Serialized)
            {
                Acquire (MLCK, 0xFFFF)
                Store (Arg0, WSEL)
                Store (Zero, Local0)
                If (ENAB) { Store (0x0F, Local0) }
                Release (MLCK)
                Return (Local0)
            }

            // _CRS: where the DIMM is, from the registers.
            Method (RSRC, 1, Serialized)
            {
                Name (TMPL, ResourceTemplate ()
                {
                    QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable, ReadWrite,
                        0x0000000000000000,
                        0x0000000000000000,
                        0xFFFFFFFFFFFFFFFE,
                        0x0000000000000000,
                        0xFFFFFFFFFFFFFFFF,
                        ,, MEM, AddressRangeMemory, TypeStatic)
                })
                CreateQWordField (TMPL, MEM._MIN, FRST)
                CreateQWordField (TMPL, MEM._MAX, LAST)
                CreateQWordField (TMPL, MEM._LEN, SIZE)

                Acquire (MLCK, 0xFFFF)
                Store (Arg0, WSEL)
                Or (ShiftLeft (RBSH, 32), RBSL, FRST)
                Or (ShiftLeft (RSZH, 32), RSZL, SIZE)
                Release (MLCK)
                Subtract (Add (FRST, SIZE), One, LAST)
                Return (TMPL)
            }

            // _PXM
            Method (PROX, 1, Serialized)
            {
                Acquire (MLCK, 0xFFFF)
                Store (Arg0, WSEL)
                Store (RPXM, Local0)
                Release (MLCK)
                Return (Local0)
            }

            // _OST: slot, source event, status.
            Method (OSTR, 3, Serialized)
            {
                Acquire (MLCK, 0xFFFF)
                Store (Arg0, WSEL)
                Store (Arg1, WEVT)
                Store (Arg2, WSTS)
                Release (MLCK)
            }

            // _EJ0
            Method (EJEC, 1, Serialized)
            {
                Acquire (MLCK, 0xFFFF)
                Store (Arg0, WSEL)
                Store (One, EJCT)
                Release (MLCK)
            }

            // Looks at slots 0 to Arg0 for news and passes it on to the slot's device.
            Method (SCAN, 1, Serialized)
            {
                Acquire (MLCK, 0xFFFF)
                Store (Zero, Local0)
                While (LLessEqual (Local0, Arg0))
                {
                    Store (Local0, WSEL)
                    If (INSE)
                    {
                        MTFY (Local0, 1)    // Device Check
                        Store (One, INSE)
                    }
                    ElseIf (RMVE)
                    {
                        MTFY (Local0, 3)    // Eject Request
                        Store (One, RMVE)
                    }
                    Increment (Local0)
                }
                Release (MLCK)
            }
        }
    }
}
